import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/running-program";
import { blocksOf, FOLLOWED } from "./support/guide";
import { RUN_ELSEWHERE } from "./support/run-elsewhere";
import { formsIn } from "./support/shell-commands";

/* Every command in the docs is run by a test, or its block says why none can: a mark behind `sh`, which no renderer shows. */

const MARKS = {
  hardware: "needs hosts, disks or nodes that no stand-in is",
  online: "needs an account or a registry on the internet",
  terminal: "waits for somebody at a terminal",
};

const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: ROOT, encoding: "utf8" })
  .trim()
  .split("\n")
  .filter(
    (file) => /^docs\/|^(README|CONTRIBUTING|worker\/README)\.md$/.test(file) && existsSync(join(ROOT, file)),
  );
const inGuides = new Set(
  FOLLOWED.flatMap((guide) => blocksOf(`docs/${guide}`).filter(({ info }) => info === "sh")).flatMap(
    ({ text }) => formsIn(text),
  ),
);
const isRun = (form: string) => form in RUN_ELSEWHERE || inGuides.has(form);
/** Whether it names a command which other pages have with its options. */
const isName = (form: string) =>
  !form.includes("--") &&
  [...Object.keys(RUN_ELSEWHERE), ...inGuides].some((each) => each.startsWith(`${form} `));
const isFollowed = (page: string) => FOLLOWED.some((guide) => page === `docs/${guide}`);

/** What blocks with an unknown mark, and commands that no test runs, are told. */
function problemsOf(page: string): readonly string[] {
  return blocksOf(page).flatMap(({ info, text, line }) => {
    const [language, mark, ...more] = info.split(/\s+/);
    const at = `${page}:${line}`;
    if (/^(bash|shell|zsh)$/.test(language ?? "")) return [`${at}: write sh in place of ${language}`];
    if (language !== "sh" && language !== "console") return [];
    if (mark !== undefined)
      return mark in MARKS && more.length === 0
        ? []
        : [`${at}: ${info} is not one of ${Object.keys(MARKS).join(", ")}`];
    if (language === "sh" && isFollowed(page)) return [];
    const commands = language === "sh" ? text : typed(text);
    return formsIn(commands)
      .filter((form) => !isRun(form))
      .map((form) => `${at}: no test runs: ${form}`);
  });
}

/** The commands within a sentence, each with its line. Names of programs, and `npm run a|b`, are no commands. */
function commandsInText(page: string): readonly { readonly form: string; readonly line: number }[] {
  const blocks = blocksOf(page);
  const isInBlock = (line: number) =>
    blocks.some((block) => line >= block.line && line <= block.line + block.text.split("\n").length + 1);
  return readFileSync(join(ROOT, page), "utf8")
    .split("\n")
    .flatMap((text, index) =>
      isInBlock(index + 1)
        ? []
        : [...text.matchAll(/`((?:[A-Z_]+=\S+ )?npm run [^`|…]*)`/g)]
            .flatMap(([, command = ""]) => formsIn(command))
            .map((form) => ({ form, line: index + 1 })),
    )
    .filter(({ form }) => !PROGRAMS.test(form));
}

/** Forms that are the name of a program, or of any command. */
const PROGRAMS = /^(state|secrets|config|worker:admin|local|release|npm run|tofu|X)$/;

/** Of a console, the lines that somebody has typed. */
const typed = (text: string): string =>
  [...text.replaceAll("\\\n", " ").matchAll(/^\$ (.*)$/gm)].map(([, command]) => command).join("\n");

test("there are such blocks", () => {
  const blocks = pages.flatMap((page) => blocksOf(page).filter(({ info }) => /^sh\b/.test(info)));
  expect(blocks.length).toBeGreaterThan(80);
});

test.each(pages)("%s: each command is run by a test, or marked", (page) => {
  const inText = commandsInText(page).filter(({ form }) => !isRun(form) && !isName(form));
  expect([
    ...problemsOf(page),
    ...inText.map(({ form, line }) => `${page}:${line}: no test runs: ${form}`),
  ]).toEqual([]);
});

test("each guide that is followed has a test that follows it", () => {
  const tests = readdirSync(__dirname).filter((name) => name.endsWith(".test.ts"));
  const source = tests.map((name) => readFileSync(join(__dirname, name), "utf8")).join("\n");
  const names = (guide: string) => guide.replace(/^migrations\//, "");
  expect(FOLLOWED.filter((guide) => !source.includes(`${names(guide)}"`))).toEqual([]);
});

test.each(Object.entries(RUN_ELSEWHERE))("%s is run by the test that is named for it", (form, proof) => {
  if (typeof proof === "string") return expect(proof.length).toBeGreaterThan(10);
  const [file, words] = proof;
  const path = join(ROOT, "__tests__", file);
  if (!existsSync(path)) throw new Error(`${form}: ${file} is gone; name the test that runs it now`);
  if (!readFileSync(path, "utf8").replaceAll(/\s+/g, " ").includes(words))
    throw new Error(`${form}: ${file} has no ${words} any more; name what runs it now`);
});

test("no test is named for a command that no page has", () => {
  const inBlocks = pages
    .filter((page) => !isFollowed(page))
    .flatMap((page) => blocksOf(page))
    .flatMap(({ info, text }) =>
      info === "sh" ? formsIn(text) : info === "console" ? formsIn(typed(text)) : [],
    );
  const inText = pages.flatMap((page) => commandsInText(page).map(({ form }) => form));
  const used = new Set([...inBlocks, ...inText]);
  expect(Object.keys(RUN_ELSEWHERE).filter((form) => !used.has(form))).toEqual([]);
});

test.each([
  ["npm run state -- migrate --to r2 --yes", ["state migrate --to --yes"]],
  ['eval "$(npm run -s bootstrap -- env)"   # this shell', ["bootstrap env"]],
  [
    "HOSTS_DOWN=pve3 npm run plan && npx cdktf-proxmox-talos init --folder home",
    ["HOSTS_DOWN plan", "init --folder"],
  ],
  ["npm start -- --once", ["start --once"]],
  ["export A='a | b; c' && cd x", []],
  ['curl -u me "$URL/tokens" -d \'{"a":"b c"}\' | jq .id', ["curl /tokens", "jq .id"]],
])("%s is %j", (block, forms) => expect(formsIn(block)).toEqual(forms));
