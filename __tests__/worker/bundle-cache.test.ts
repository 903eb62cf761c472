import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleOnce } from "../../worker/bundle-cache";

let folder: string;
const inFolder = (name: string) => join(folder, "src", name);
const cache = () => join(folder, "cache");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bundle-cache-"));
  mkdirSync(join(folder, "src"));
  write("index.ts", 'import { word } from "./word";\nexport default word;\n');
  write("word.ts", 'export const word = "one";\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As it was before the test began. */
function write(name: string, text: string): void {
  writeFileSync(inFolder(name), text);
  utimesSync(inFolder(name), 1, 1);
}

const bundle = (more = {}) =>
  bundleOnce(
    { entryPoints: [inFolder("index.ts")], bundle: true, format: "esm", logLevel: "silent", ...more },
    cache(),
  );

/** Puts another text into what is kept, by which one sees whether it is taken. */
function mark(): void {
  for (const name of readdirSync(cache())) {
    const file = join(cache(), name);
    const kept = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...kept, text: "kept" }));
  }
}

test("the same sources are bundled once", async () => {
  expect(await bundle()).toContain('"one"');
  mark();
  expect(await bundle()).toBe("kept");
  expect(await bundle({ minify: true })).toContain('"one"');
});

test.each<[string, () => void]>([
  ["a source changes", () => write("word.ts", 'export const word = "two";\n')],
  ["another file is in its place", () => write("word.tsx", 'export const word = "two";\n')],
  ["a source goes", () => rmSync(inFolder("word.ts"))],
])("when %s, it is bundled again", async (_, change) => {
  await bundle();
  mark();
  change();
  const again = await bundle({ logLevel: "silent" }).catch(String);
  expect(again).not.toBe("kept");
  expect(await bundle().catch(String)).not.toBe("kept");
});

test("what was bundled while a source was being written is not kept", async () => {
  utimesSync(inFolder("word.ts"), new Date(), new Date(Date.now() + 60_000));
  expect(await bundle()).toContain('"one"');
  expect(existsSync(cache())).toBe(false);
});

test("a file that is not whole is bundled anew", async () => {
  await bundle();
  for (const name of readdirSync(cache())) writeFileSync(join(cache(), name), '{"text":"ha');
  expect(await bundle()).toContain('"one"');
});
