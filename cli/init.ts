// `npm run init`, or `npx cdktf-proxmox-talos init`: asks five questions, and writes the files of a new project.
import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { cancel, isCancel, select, text } from "@clack/prompts";
import { Command, InvalidArgumentError, Option } from "commander";
import { type Answers, completeAnswers, QUESTIONS, type Question } from "../init/answers";
import { installCommand } from "../init/manifest";
import { projectFiles } from "../init/project-files";
import { writeProject } from "../init/write-project";
import { displayPath } from "../process/display-path";
import { identityFile } from "../secrets/age-key";
import { COMMANDS } from "./commands";
import { JSON_OPTION } from "./json-option";
import { run } from "./run";

const EXIT = { written: 0, notWritten: 1, someKept: 2 } as const;

interface InitOptions extends Partial<Answers> {
  readonly folder: string;
  readonly age?: string;
  readonly workflows?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

async function init({ folder, age, workflows, yes, json, ...given }: InitOptions): Promise<void> {
  const asks = process.stdin.isTTY && process.stdout.isTTY && !yes && !json;
  const answers = completeAnswers(asks ? await ask(given) : given);
  const recipients = age ?? ownRecipient();
  const path = resolve(folder);
  const files = projectFiles({
    answers,
    name: nameOf(path),
    commands: COMMANDS.map(({ name }) => name),
    recipients,
    workflows,
  });
  const { written, kept } = writeProject(path, files);
  process.exitCode = kept.length > 0 ? EXIT.someKept : EXIT.written;
  if (json) return console.log(JSON.stringify({ folder: path, written, kept }, null, 2));
  for (const name of written) console.log(`wrote  ${displayPath(join(path, name))}`);
  for (const name of kept)
    console.log(`kept   ${displayPath(join(path, name))}, which was there: ${adviceFor(name)}`);
  console.log(nextSteps(path, answers, { recipients, workflows }).join("\n"));
}

/** @throws Error if the user cancels */
async function ask(given: Partial<Answers>): Promise<Partial<Answers>> {
  const answers = { ...given };
  for (const question of QUESTIONS) {
    if (answers[question.key] !== undefined) continue;
    const answer = await askOne(question, answers);
    if (isCancel(answer)) {
      cancel("nothing was written");
      throw new DOMException("the user has cancelled", "AbortError");
    }
    Object.assign(answers, { [question.key]: answer });
  }
  return answers;
}

function askOne(
  { text: message, example, fallback, choices, problem }: Question,
  before: Partial<Answers>,
): Promise<string | symbol> {
  if (choices) return select({ message, options: choices.map((value) => ({ value })) });
  const initial = fallback?.(before);
  return text({
    message,
    placeholder: initial ?? example,
    ...(initial && { defaultValue: initial }),
    validate: (answer) => problem(answer || (initial ?? ""), before),
  });
}

/** The public key in the file where sops looks for the private one. */
function ownRecipient(): string | undefined {
  const file = process.env.SOPS_AGE_KEY_FILE || identityFile(process.env);
  if (!existsSync(file)) return undefined;
  return /^# public key: (age1[a-z0-9]+)$/m.exec(readFileSync(file, "utf8"))?.[1];
}

/** A commit, and no tag: a tag can be moved to other code. */
function readPlace(text: string): string {
  if (/^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/.test(text)) return text;
  throw new InvalidArgumentError(`"${text}" is not owner/repository@ with a commit of 40 hex digits`);
}

/** What npm takes as the name of a package. */
const nameOf = (path: string): string =>
  basename(path)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "") || "cluster";

function adviceFor(name: string): string {
  if (name === "package.json") return `install what it needs: ${installCommand()}`;
  return "to see what init writes, run it in an empty folder: --folder NAME";
}

function nextSteps(
  path: string,
  { state }: Answers,
  { recipients, workflows }: Pick<InitOptions, "workflows"> & { recipients?: string },
): readonly string[] {
  const folder = displayPath(path);
  return [
    "",
    "next:",
    ...(folder === "." || folder === "" ? [] : [`  cd ${folder}`]),
    "  npm install",
    "  export TF_VAR_state_passphrase=…    # at least 16 characters; whoever loses it loses the state",
    "  export PROXMOX_VE_API_TOKEN=…",
    ...(state === "r2" ? ["  npm run bootstrap    # once for all clusters: the R2 bucket"] : []),
    "  npm run plan",
    "  npm run deploy",
    ...(recipients ? [] : ["no .sops.yaml was written: no --age, and no age key of yours was found"]),
    ...(workflows ? [] : ["in .github/workflows, fill in OWNER/REPOSITORY and COMMIT: docs/ci.md says how"]),
  ];
}

const program = new Command()
  .description("write the files of a new project; asks on a terminal for what is not given as an option")
  .option("--folder <path>", "where the project is made", ".");
for (const { key, flags, text: description, choices } of QUESTIONS) {
  const option = new Option(flags, description);
  if (choices) option.choices([...choices]);
  // `--api-address` is `apiAddress`: commander makes the keys of the answers.
  if (option.attributeName() !== key) throw new TypeError(`${flags} is not ${key}`);
  program.addOption(option);
}
program
  .option("--age <recipients>", "age public keys for .sops.yaml, comma-separated (default: your own)")
  .addOption(
    new Option(
      "--workflows <place>",
      "where the reusable workflows are: owner/repository@commit (default: to be filled in)",
    ).argParser(readPlace),
  )
  .option("-y, --yes", "ask nothing")
  .option(...JSON_OPTION)
  .addHelpText(
    "after",
    "\nexit codes: 0 written, 1 nothing was written, 2 some files existed and were not changed",
  )
  .action(init);
run("init", program);
