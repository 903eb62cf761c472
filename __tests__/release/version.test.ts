import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changesOf, versionsIn, withLinksInto } from "../../release/changelog";
import { changesetsIn, makeVersion } from "../../release/version";
import { ROOT } from "../support/running-program";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "release-"));
  mkdirSync(join(folder, ".changeset"));
  for (const name of ["config.json", "changelog.mjs", "README.md"])
    cpSync(join(ROOT, ".changeset", name), join(folder, ".changeset", name));
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(ROOT, name), join(folder, name));
  write("CHANGELOG.md", "# Changelog\n\n## 0.1.0\n\n- The first one.\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const change = (name: string, level: string, text: string) =>
  write(`.changeset/${name}.md`, `---\n"cdktf-proxmox-talos": ${level}\n---\n\n${text}\n`);

test("changes become a section of the changelog, and the version that the greatest of them asks for", () => {
  write("package.json", read("package.json").replace(/"version": "[^"]+"/, '"version": "0.1.0"'));
  change("one", "minor", "The Worker:\n\n- It has `something`\n  new.\n- It is faster.");
  change("two", "patch", "- A mistake is gone.");
  expect(makeVersion(folder)).toBe("0.2.0");
  expect(read("CHANGELOG.md")).toBe(
    [
      "# Changelog\n\n## 0.2.0\n",
      "### Minor Changes\n\nThe Worker:\n\n- It has `something`\n  new.\n- It is faster.\n",
      "### Patch Changes\n\n- A mistake is gone.\n",
      "## 0.1.0\n\n- The first one.\n",
    ].join("\n"),
  );
  expect(changesetsIn(folder)).toEqual([]);
  const manifest = JSON.parse(read("package.json"));
  expect(manifest).toEqual({
    ...JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")),
    version: "0.2.0",
  });
  const { version, packages } = JSON.parse(read("package-lock.json"));
  expect([version, packages[""].version]).toEqual(["0.2.0", "0.2.0"]);
  expect(changesOf(read("CHANGELOG.md"), "0.1.0")).toBe("- The first one.");
  expect(versionsIn(read("CHANGELOG.md"))).toEqual(["0.2.0", "0.1.0"]);
});

test("without a change there is nothing to release", () => {
  expect(() => makeVersion(folder)).toThrow(
    "there is nothing to release: no file in .changeset/ tells a change",
  );
});

test("what is in the changelog without a version would stay there", () => {
  write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n- Something.\n\n## 0.1.0\n\n- One.\n");
  change("one", "patch", "- A mistake is gone.");
  expect(() => makeVersion(folder)).toThrow(
    'CHANGELOG.md:3: "## Unreleased" belongs to no version; move what is below it into a file in .changeset/',
  );
  expect(changesetsIn(folder)).toEqual(["one.md"]);
});

test("a version without a section has no notes", () => {
  expect(() => changesOf(read("CHANGELOG.md"), "0.3.0")).toThrow(
    "CHANGELOG.md says nothing of 0.3.0, but of 0.1.0; run npm run release -- version, and commit what it writes",
  );
});

test("links lead to the files of the release", () => {
  const url = "https://github.example.com/home/lab/blob/v1.2.3/";
  expect(withLinksInto(url, "- A ([docs](docs/ci.md#image)), b ([site](https://example.com/x)).")).toBe(
    `- A ([docs](${url}docs/ci.md#image)), b ([site](https://example.com/x)).`,
  );
  expect(() => withLinksInto("docs", "- A.")).toThrow(
    '"docs" is no folder; write it like https://example.com/folder/',
  );
});

test("the changes that wait here name this package", () => {
  for (const name of changesetsIn(ROOT)) {
    const text = readFileSync(join(ROOT, ".changeset", name), "utf8");
    expect(text).toMatch(/^---\n"cdktf-proxmox-talos": (major|minor|patch)\n---\n\n\S/);
  }
});
