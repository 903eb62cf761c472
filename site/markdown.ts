import { existsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type MarkdownIt from "markdown-it";
import { pageOf } from "./navigation";

/* Markdown as GitHub has it: the ids of headings, links to files of the repository, and no HTML that is none. */

type Token = ReturnType<MarkdownIt["parse"]>[number];

/** As much of Markdown-it as both of its type declarations, for CommonJS and for ES modules, have alike. */
interface Renderer {
  readonly options: { readonly highlight?: unknown };
  set(options: object): unknown;
  render(text: string, env: object): string;
}

/** Where links of a page may lead. */
export interface RepositoryLinksProps {
  /** The folder of the repository on this machine. */
  readonly root: string;
  /** The folder of the pages. */
  readonly docs: string;
  /** Where files of the repository can be read; without it, a link to one is plain text. */
  readonly url?: string;
}

/** Lets the links of a page lead where they lead on GitHub. Throws where there is nothing. */
export function repositoryLinks(md: MarkdownIt, { root, docs, url }: RepositoryLinksProps): void {
  md.core.ruler.push("repository links", (state) => {
    const page: string = state.env.realPath ?? state.env.path;
    for (const { children } of state.tokens) redirect(children ?? [], page);
  });

  function redirect(tokens: readonly Token[], page: string): void {
    const open: Token[] = [];
    for (const token of tokens) {
      if (token.type === "link_open") {
        open.push(token);
        const href = token.attrGet("href") ?? "";
        if (/^(#|[a-z]+:)/.test(href)) continue;
        const target = targetOf(href, page);
        if (target !== undefined) token.attrSet("href", target);
        else Object.assign(token, { tag: "span", attrs: null });
      } else if (token.type === "link_close") token.tag = open.pop()?.tag ?? token.tag;
    }
  }

  /** Undefined for a file that can be read nowhere. */
  function targetOf(href: string, page: string): string | undefined {
    const [, path = "", fragment = ""] = /^([^#]*)(#.*)?$/.exec(href) ?? [];
    // The links of CHANGELOG.md, which a page includes, start at the top of the repository.
    const file = [dirname(page), root].map((from) => join(from, path)).find((each) => existsSync(each));
    if (file === undefined) throw new Error(`${relative(root, page)}: the link ${href} leads nowhere`);
    const index = join(file, "README.md");
    const target = existsSync(index) ? index : file;
    if (target.startsWith(join(docs, "/")) && target.endsWith(".md"))
      return `/${pageOf(relative(docs, target))}${fragment}`;
    if (url === undefined) return undefined;
    return `${url}/${statSync(file).isDirectory() ? "tree" : "blob"}/HEAD/${relative(root, file)}${fragment}`;
  }
}

/** Shows a placeholder, as in `https://<host>`, as text. To Vue it would be an element that is never closed. */
export function placeholders(md: MarkdownIt): void {
  md.core.ruler.push("placeholders", ({ tokens }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? []))
      if (token.type === "html_inline" && !/^<(a id="[\w-]+"|\/a|br ?\/?)>$|^<!--/.test(token.content))
        token.type = "text";
  });
}

/** Code that is indented, and not fenced, is a block of code too. */
export function indentedCode(md: MarkdownIt): void {
  md.core.ruler.push("indented code", ({ tokens }) => {
    for (const token of tokens)
      if (token.type === "code_block") Object.assign(token, { type: "fence", info: "text" });
  });
}

/** The id of a heading, as GitHub makes it. */
export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}

/** Renders a page for the index of the search: nobody sees the colours of its code. */
export function withoutColours(text: string, env: object, md: Renderer): string {
  const { highlight } = md.options;
  md.set({ highlight: null });
  try {
    return md.render(text, env);
  } finally {
    md.set({ highlight });
  }
}
