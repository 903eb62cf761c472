import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import MarkdownIt from "markdown-it";
import { indentedCode, placeholders, repositoryLinks, slugOf, withoutColours } from "../../site/markdown";
import { sidebars } from "../../site/navigation";
import { ROOT, runProgram } from "../support/running-program";

/* What the docs site is made of, without building it; site.test.ts builds it. */

const folder = mkdtempSync(join(tmpdir(), "site-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes pages into a folder of their own. */
function write(name: string, pages: Readonly<Record<string, string>>): string {
  const root = join(folder, name);
  for (const [file, text] of Object.entries(pages)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

test("docs/reference/commands.md is what `npm run docs:commands` writes", async () => {
  const page = join(folder, "commands.md");
  expect(await runProgram("site/write-commands.ts", [page])).toMatchObject({ code: 0 });
  expect(readFileSync(join(ROOT, "docs/reference/commands.md"), "utf8")).toBe(readFileSync(page, "utf8"));
});

describe("the sidebar", () => {
  const docs = write("sidebar", {
    "README.md": "# Begin\n",
    "guides/b.md": "# The `b` key\n",
    "guides/a.md": "# A\n",
    "guides/README.md": "# Guides\n",
    "reference/api/README.md": "# API\n",
    "reference/api/tools/README.md": "# tools\n",
    "reference/api/tools/classes/Vm.md": "# Vm\n",
  });

  test("has the pages of a folder with their titles, the README first; and the classes of each entry of the package", () => {
    const groups = [
      { title: "Start", content: ["README.md"] },
      { title: "Guides", content: ["guides/"] },
    ];
    expect(sidebars(docs, groups)).toEqual({
      "/": [
        { text: "Start", collapsed: false, items: [{ text: "Begin", link: "/" }] },
        {
          text: "Guides",
          collapsed: false,
          items: [
            { text: "Guides", link: "/guides/" },
            { text: "A", link: "/guides/a" },
            { text: "The b key", link: "/guides/b" },
          ],
        },
      ],
      "/reference/api/": [
        {
          text: "tools",
          link: "/reference/api/tools/",
          items: [{ text: "Vm", link: "/reference/api/tools/classes/Vm" }],
        },
      ],
    });
  });

  test.each([
    [["README.md"], "in no group of site/navigation.ts: guides/README.md, guides/a.md, guides/b.md"],
    [["README.md", "guides/", "gone.md"], "site/navigation.ts names gone.md, which is not in docs/"],
    [["README.md", "guides/", "gone/"], "site/navigation.ts names gone/, which is not in docs/"],
  ])("%j is refused", (content, message) => {
    expect(() => sidebars(docs, [{ title: "All", content }])).toThrow(message);
  });

  test("a page without a title is refused", () => {
    const untitled = write("untitled", { "a.md": "text\n" });
    expect(() => sidebars(untitled, [{ title: "All", content: ["a.md"] }])).toThrow("docs/a.md has no title");
  });
});

describe("Markdown", () => {
  const root = write("links", {
    "docs/a.md": "# A\n",
    "docs/b/README.md": "# B\n",
    "docs/b/c.md": "# C\n",
    "docs/picture.svg": "<svg/>",
    "code.ts": "",
    "folder/code.ts": "",
  });
  const html = (text: string, url?: string) => {
    const md = new MarkdownIt({ html: true });
    placeholders(md);
    indentedCode(md);
    repositoryLinks(md, { root, docs: join(root, "docs"), url });
    return md.render(text, { path: join(root, "docs/b/c.md") });
  };

  test.each([
    ["../a.md", "/a.md"],
    ["../a.md#part", "/a.md#part"],
    ["README.md", "/b/index.md"],
    ["../b", "/b/index.md"],
    ["#part", "#part"],
    ["https://example.com/x.md", "https://example.com/x.md"],
    ["../../code.ts", "https://host/tools/blob/HEAD/code.ts"],
    ["../../folder#x", "https://host/tools/tree/HEAD/folder#x"],
    ["../picture.svg", "https://host/tools/blob/HEAD/docs/picture.svg"],
    ["docs/a.md", "/a.md"],
  ])("a link to %s leads to %s", (link, target) => {
    expect(html(`[text](${link})`, "https://host/tools")).toBe(`<p><a href="${target}">text</a></p>\n`);
  });

  test("a link to code is text where nobody knows the repository", () => {
    expect(html("[`code`](../../code.ts) [a](../a.md)")).toBe(
      '<p><span><code>code</code></span> <a href="/a.md">a</a></p>\n',
    );
  });

  test("a link that leads nowhere is refused", () => {
    expect(() => html("[text](../gone.md)")).toThrow("docs/b/c.md: the link ../gone.md leads nowhere");
  });

  test("a placeholder is text; an anchor, a line break and a comment are HTML", () => {
    expect(html('https://<host>/x <a id="y"></a>1<br>2 <!-- z -->')).toBe(
      '<p>https://&lt;host&gt;/x <a id="y"></a>1<br>2 <!-- z --></p>\n',
    );
  });

  test("code that is indented is code as in a fence", () => {
    expect(html("    a ──► b\n")).toBe('<pre><code class="language-text">a ──► b\n</code></pre>\n');
  });

  test("the index of the search needs no colours, the page after it has them", () => {
    const md = new MarkdownIt({ highlight: (code) => `<b>${code}</b>` });
    const fence = "```sh\nls\n```";
    expect(withoutColours(fence, {}, md)).not.toContain("<b>");
    expect(md.render(fence)).toContain("<b>");
  });

  test.each([
    ["What a plan would lose", "what-a-plan-would-lose"],
    ["`nodes[].vm_id`", "nodesvm_id"],
    ["0001: CDKTF, although it is archived", "0001-cdktf-although-it-is-archived"],
    ['Talos – "it\'s" up & running', "talos--its-up--running"],
  ])("the id of %j is that of GitHub", (heading, id) => expect(slugOf(heading.replaceAll("`", ""))).toBe(id));
});

test("every link in the Markdown of the repository leads to a file, and to a heading where it names one", () => {
  const tracked = execFileSync("git", ["ls-files", "*.md"], { cwd: ROOT, encoding: "utf8" })
    .trim()
    .split("\n");
  // The lines of a changeset move into CHANGELOG.md, so that their links start at the top.
  const sources = tracked.filter((file) => !file.startsWith("__tests__/"));
  const md = new MarkdownIt({ html: true });
  const parse = (file: string) => md.parse(readFileSync(join(ROOT, file), "utf8"), {});
  const headings = new Map<string, ReadonlySet<string>>();
  const headingsOf = (file: string) => {
    const known = headings.get(file) ?? new Set(idsOf(parse(file)));
    headings.set(file, known);
    return known;
  };
  let followed = 0;
  const broken = sources.flatMap((source) => {
    const from =
      source.startsWith(".changeset/") && source !== ".changeset/README.md" ? "." : dirname(source);
    return linksIn(parse(source))
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        followed++;
        const [path = "", fragment] = link.split("#");
        const target = path === "" ? source : join(from, path);
        if (!existsSync(join(ROOT, target))) return true;
        return fragment !== undefined && target.endsWith(".md") && !headingsOf(target).has(fragment);
      })
      .map((link) => `${source}: ${link}`);
  });
  expect(broken).toEqual([]);
  expect(followed).toBeGreaterThan(150);
});

type Token = ReturnType<MarkdownIt["parse"]>[number];

const linksIn = (tokens: readonly Token[]): readonly string[] =>
  tokens
    .flatMap(({ children }) => children ?? [])
    .flatMap((token) => token.attrGet("href") ?? token.attrGet("src") ?? [])
    .map(decodeURI);

/** The ids of the headings; the second one of the same text has a number. */
function idsOf(tokens: readonly Token[]): readonly string[] {
  const seen = new Map<string, number>();
  return tokens.flatMap((token, index) => {
    if (token.type !== "heading_open") return [];
    const text = (tokens[index + 1]?.children ?? []).map(({ content }) => content).join("");
    const slug = slugOf(text);
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return [before === 0 ? slug : `${slug}-${before}`];
  });
}
