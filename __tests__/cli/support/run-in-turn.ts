// Runs commands one after the other in this one process, whose streams are pipes: what they load is loaded once. It reads
// a list of runs from standard input, and answers with what each has written, as one line of JSON on file descriptor 3.
import { readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { DescribedCommand, Run, RunOutcome } from "./runs";

const CLI = join(__dirname, "../../../cli");
const runPath = require.resolve(join(CLI, "run"));
const { run } = require(runPath) as typeof import("../../../cli/run");
const environment = { ...process.env };
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);

let [work, program]: [Promise<void>, Command | undefined] = [Promise.resolve(), undefined];
Object.assign(require.cache[runPath] ?? {}, {
  exports: {
    ...require(runPath),
    run: (...args: Parameters<typeof run>) => {
      [, program] = args;
      work = run(...args);
      return work;
    },
  },
});

class Ended extends Error {}

function describe(command: Command, words: readonly string[] = []): readonly DescribedCommand[] {
  const { commands } = command;
  // commander shows the help where the user names no subcommand, unless there is something to do.
  const isGroup = commands.length > 0 && !("_actionHandler" in command && command._actionHandler);
  const own = isGroup ? [] : [{ words, options: command.options.map(({ long }) => long ?? "") }];
  return [...own, ...commands.flatMap((each) => describe(each, [...words, each.name()]))];
}

async function runOne({ file, args, env = {} }: Run): Promise<RunOutcome> {
  let code: number | undefined;
  const written = { stdout: "", stderr: "" };
  const originals = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ["stdout", "stderr"] as const) {
    process[name].write = ((text: string | Uint8Array) => {
      // What is written once the process would have ended is not written.
      if (code === undefined) written[name] += Buffer.from(text as string).toString();
      return true;
    }) as typeof process.stdout.write;
  }
  process.exit = ((ended: number = Number(process.exitCode ?? 0)) => {
    code ??= ended;
    throw new Ended();
  }) as typeof process.exit;
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, environment, env);
  process.exitCode = undefined;
  const path = require.resolve(join(CLI, file));
  process.argv = [process.execPath, path, ...args];
  try {
    delete require.cache[path];
    require(path);
    await work;
  } catch (error) {
    if (!(error instanceof Ended)) written.stderr += String((error as Error).stack);
  } finally {
    Object.assign(process.stdout, { write: originals.stdout });
    Object.assign(process.stderr, { write: originals.stderr });
    for (const each of signals) process.removeAllListeners(each);
  }
  const commands = program === undefined ? [] : describe(program);
  return { code: code ?? Number(process.exitCode ?? 0), ...written, commands };
}

async function main(): Promise<void> {
  const exit = process.exit.bind(process);
  const runs = JSON.parse(readFileSync(0, "utf8")) as readonly Run[];
  const outcomes: RunOutcome[] = [];
  for (const each of runs) outcomes.push(await runOne(each));
  writeSync(3, JSON.stringify(outcomes));
  exit(0);
}
void main();
