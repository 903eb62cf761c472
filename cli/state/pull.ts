import { lstatSync, statSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { waiting } from "../../process/waiting";
import { writeFileAtomic } from "../../process/write-file-atomic";
import { StateError } from "../../state/errors";
import { loadProject } from "../../state/project";
import { requireOneStore, type StateSelection } from "../../state/stack-store";
import { atOption, stackOption } from "./options";

export function addPullCommand(program: Command): void {
  program
    .command("pull")
    .description("write a state as it is stored, encrypted or not, to a file or to standard output")
    .addOption(stackOption())
    .addOption(atOption())
    .option("--out <file>", "write it to this file, which you alone can read")
    .action(pull);
}

async function pull({ out, ...selection }: StateSelection & { readonly out?: string }): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const { store, bytes } = await waiting("reading the state", async () => {
    const one = await requireOneStore(project, selection);
    return { store: one.store, bytes: await one.store.read() };
  });
  if (!bytes) {
    throw new StateError(`${store.address} has no state`, "npm run state -- list shows what there is");
  }
  if (out === undefined) process.stdout.write(bytes);
  else writeOutput(out, bytes);
}

/** Replaces a file in one step, also behind a symbolic link. A pipe, such as that of `>(…)`, is written to. */
function writeOutput(path: string, bytes: Uint8Array): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile();
  if (found && !isFile) writeFileSync(path, bytes, { mode: 0o600 });
  else writeFileAtomic(path, bytes);
}
