import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/* The sidebar: each page of docs/ is in one group. */

/** A title and what is below it: pages, and folders (`runbooks/`) with all pages in them. */
interface Group {
  readonly title: string;
  readonly content: readonly string[];
}

/** In the order of the sidebar. A new page is a word here, or a file in one of the folders. */
export const GROUPS: readonly Group[] = [
  { title: "Getting started", content: ["README.md", "getting-started.md", "package.md", "comparison.md"] },
  {
    title: "Guides",
    content: [
      "configuration.md",
      "talos.md",
      "bootstrap.md",
      "worker.md",
      "secrets.md",
      "ci.md",
      "tasks.md",
      "doctor.md",
      "ansible.md",
      "cost.md",
    ],
  },
  {
    title: "Day two",
    content: [
      "operations.md",
      "running-cluster.md",
      "state.md",
      "nodes.md",
      "upgrades.md",
      "etcd-restore.md",
      "upgrading.md",
    ],
  },
  { title: "Runbooks", content: ["runbooks/"] },
  {
    title: "Reference",
    content: ["reference/cluster-yaml.md", "reference/commands.md", "reference/api/README.md"],
  },
  { title: "Security", content: ["security.md"] },
  {
    title: "Architecture",
    content: [
      "architecture.md",
      "design.md",
      "decisions/",
      "stand-in-proxmox.md",
      "stand-in-cloudflare.md",
      "stand-in-talos.md",
      "releasing.md",
    ],
  },
  { title: "Migrations", content: ["migrations/", "adoption.md"] },
  { title: "Benchmarks", content: ["benchmarks.md"] },
  { title: "Changelog", content: ["changelog.md"] },
];

/** The pages of the constructs, which TypeDoc writes; they have a sidebar of their own. */
const API = "reference/api/";

/** An entry of VitePress' sidebar. */
export interface SidebarItem {
  readonly text: string;
  readonly link?: string;
  readonly items?: SidebarItem[];
  readonly collapsed?: boolean;
}

/** The sidebars, by the path that their pages begin with. Throws where a page is in no group, or a group names none. */
export function sidebars(docs: string, groups: readonly Group[] = GROUPS): Record<string, SidebarItem[]> {
  const content = new Map(
    groups.map((group) => [group, group.content.flatMap((name) => expand(docs, name))]),
  );
  const named = [...content.values()].flat();
  const lost = pagesIn(docs).filter((page) => !page.startsWith(API) && !named.includes(page));
  if (lost.length > 0) throw new Error(`in no group of site/navigation.ts: ${lost.join(", ")}`);
  const whole = [...content].map(([{ title }, pages]) => ({
    text: title,
    collapsed: false,
    items: pages.map((page) => entryOf(docs, page)),
  }));
  return { "/": whole, [`/${API}`]: apiSidebar(docs) };
}

/** The constructs of each entry of the package. Interfaces are linked where they are used. */
function apiSidebar(docs: string): SidebarItem[] {
  const pages = pagesIn(docs).filter((page) => page.startsWith(API));
  const modules = pages.filter((page) => page.endsWith("/README.md") && page !== `${API}README.md`);
  return modules.map((page) => ({
    ...entryOf(docs, page),
    items: pages
      .filter((each) => dirname(each) === join(dirname(page), "classes"))
      .map((each) => entryOf(docs, each)),
  }));
}

/** A page, or the pages in a folder, its README first. */
function expand(docs: string, name: string): readonly string[] {
  const pages = name.endsWith("/")
    ? pagesIn(docs).filter((page) => dirname(page) === dirname(`${name}x`))
    : [name];
  if (pages.length === 0 || !existsSync(join(docs, name)))
    throw new Error(`site/navigation.ts names ${name}, which is not in docs/`);
  const isReadme = (page: string) => basename(page) === "README.md";
  return [...pages.filter(isReadme), ...pages.filter((page) => !isReadme(page))];
}

const pagesIn = (docs: string): readonly string[] =>
  readdirSync(docs, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .sort();

const entryOf = (docs: string, page: string): SidebarItem => ({
  text: titleOf(docs, page),
  link: `/${pageOf(page).replace(/(index)?\.md$/, "")}`,
});

/** The first heading, without its markup. */
function titleOf(docs: string, page: string): string {
  const [, title] = /^# (.+)$/m.exec(readFileSync(join(docs, page), "utf8")) ?? [];
  if (title === undefined) throw new Error(`docs/${page} has no title: begin it with a line "# …"`);
  return title.replaceAll(/[`*]/g, "");
}

/** A README is the page of its folder. */
export const pageOf = (file: string) => file.replace(/(^|\/)README\.md$/, "$1index.md");
