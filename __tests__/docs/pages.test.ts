import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/running-program";

/* How the pages hang together, and what each runbook has. */

const read = (page: string) => readFileSync(join(ROOT, page), "utf8");
const pagesIn = (folder: string) => readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".md"));
/** The pages that a page links to, as it writes them. */
const linksOf = (page: string) =>
  [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)].map(([, to = ""]) => to);

const RUNBOOK = ["What you see", "What it means", "What to do", "How you know that it is well"];

test("the index of docs/ leads to every page", () => {
  const links = linksOf("docs/README.md");
  const pages = pagesIn("docs").filter((name) => !["README.md", "index.md"].includes(name));
  expect(pages.filter((page) => !links.includes(page))).toEqual([]);
});

test("the index of the runbooks leads to each of them", () => {
  const links = linksOf("docs/runbooks/README.md");
  expect(pagesIn("docs/runbooks").filter((page) => page !== "README.md" && !links.includes(page))).toEqual(
    [],
  );
});

test.each(pagesIn("docs/runbooks").filter((page) => page !== "README.md"))(
  "runbooks/%s says what one sees, what it means, what to do, and how one knows that it is well",
  (page) => {
    const headings = [...read(`docs/runbooks/${page}`).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings.filter((heading) => RUNBOOK.includes(heading ?? ""))).toEqual(RUNBOOK);
  },
);

test("README fits on few screens, and leads to the documentation", () => {
  expect(read("README.md").trimEnd().split("\n").length).toBeLessThan(150);
  expect(linksOf("README.md")).toEqual(
    expect.arrayContaining(["docs/README.md", "docs/getting-started.md", "CHANGELOG.md"]),
  );
});
