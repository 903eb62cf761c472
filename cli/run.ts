import { AssertionError } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { withoutColours } from "../process/colours";
import { PACKAGE_ROOT } from "../process/package-root";
import { assumeTerminalSize } from "../process/terminal-size";
import { nameCluster } from "./name-cluster";

/** How a command is called: as an npm script here, by its own name where it is a compiled package. */
const called = (name: string): string =>
  __filename.endsWith(".ts") ? `npm run ${name} --` : `cdktf-proxmox-talos ${name}`;

let described: Command[] | undefined;

/**
 * Runs a command, and is the last statement of its file. Whatever it throws becomes one message and exit code 1.
 *
 * @param name as in `COMMANDS`
 * @param work @default parses the arguments of this process
 */
export async function run(
  name: string,
  program: Command,
  work: () => unknown = () => program.parseAsync(),
): Promise<void> {
  program.name(called(name));
  for (const each of [program, ...program.commands]) {
    each.configureHelp({ showGlobalOptions: true }).showHelpAfterError("(--help says more)");
  }
  if (described) return void described.push(program);
  endQuietlyWithItsReader();
  assumeTerminalSize();
  Object.assign(process.env, withoutColours(process.env));
  try {
    await work();
  } catch (error) {
    const message = messageOf(error);
    console.error(typeof message === "string" ? nameCluster(message) : message);
    process.exitCode = 1;
  }
}

/** The program of a command that is not run, for its help and its completion. @param file in this folder */
export function describeProgram(file: string, args: readonly string[] = []): Command {
  const { argv } = process;
  described = [];
  process.argv = [...argv.slice(0, 2), ...args];
  try {
    require(`./${file}`);
    const [program] = described;
    if (program === undefined) throw new Error(`cli/${file} does not end in run()`);
    return program;
  } finally {
    described = undefined;
    process.argv = argv;
  }
}

/** A stack trace is for mistakes in this program. Everything else has a message that says what to do. */
function messageOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "AbortError") return "stopped";
  if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return missingPackage(error.message);
  if (error.message === "fetch failed")
    return `the server cannot be reached: ${(error.cause as Error).message}`;
  const bugs = [TypeError, ReferenceError, RangeError, SyntaxError, AssertionError];
  return bugs.some((bug) => error instanceof bug) ? error : error.message;
}

/** Packages that only some projects need are theirs to install, in a version that this package names. */
function missingPackage(message: string): string {
  const { peerDependencies } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  const [, module = ""] = /^Cannot find module '([^']+)'/.exec(message) ?? [];
  const name = Object.keys(peerDependencies).find((each) => module === each || module.startsWith(`${each}/`));
  if (name === undefined) return message;
  return `this needs the package ${name}; install it in your project: npm install --save-dev "${name}@${peerDependencies[name]}"`;
}

/** A reader that ends early (`state pull | head`) must not end the command. Other errors, such as a full disk, are reported. */
function endQuietlyWithItsReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") return;
      process.exitCode = 1;
      console.error(error.message);
    });
  }
}
