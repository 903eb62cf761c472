import { join, resolve } from "node:path";
import { defineConfig } from "vitepress";
import { indentedCode, placeholders, repositoryLinks, slugOf, withoutColours } from "../markdown.js";
import { pageOf, sidebars } from "../navigation.js";

/* The docs site: `npm run docs` serves it, `npm run docs:build` builds it. */

const root = resolve(import.meta.dirname, "../..");
const docs = join(root, "docs");
// In a job of GitHub Actions, links to the code lead to its repository.
const { GITHUB_SERVER_URL = "https://github.com", GITHUB_REPOSITORY } = process.env;
const url = GITHUB_REPOSITORY && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;

export default defineConfig({
  srcDir: docs,
  title: "cdktf-proxmox-talos",
  description: "Talos Kubernetes clusters on Proxmox VE as typed CDKTF constructs",
  // Without one, browsers ask for /favicon.ico.
  head: [["link", { rel: "icon", href: "data:," }]],
  rewrites: pageOf,
  // The index of the search is one chunk, and is loaded when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 4096 } },
  markdown: {
    anchor: { slugify: slugOf },
    config: (md) => {
      placeholders(md);
      indentedCode(md);
      repositoryLinks(md, { root, docs, url });
    },
  },
  themeConfig: {
    nav: [
      { text: "Docs", link: "/" },
      { text: "API", link: "/reference/api/" },
    ],
    sidebar: sidebars(docs),
    outline: [2, 3],
    externalLinkIcon: true,
    socialLinks: url ? [{ icon: "github", link: url }] : [],
    search: {
      provider: "local",
      options: {
        // `vm_id` is one word.
        miniSearch: { options: { tokenize: (text) => text.split(/[^\p{L}\p{N}_]+/u) } },
        _render: withoutColours,
      },
    },
  },
});
