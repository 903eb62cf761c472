import type { Command } from "commander";
import { withoutColours } from "../process/colours";
import { assumeTerminalSize } from "../process/terminal-size";
import { messageOf } from "./error-message";
import { helpWithExamples } from "./examples";

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
    const path = each === program ? name : `${name} ${each.name()}`;
    each
      .configureHelp({ showGlobalOptions: true, formatHelp: helpWithExamples(path) })
      .showHelpAfterError(allowedBy(each));
  }
  if (described) return void described.push(program);
  endQuietlyWithItsReader();
  assumeTerminalSize();
  Object.assign(process.env, withoutColours(process.env));
  try {
    await work();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}

/** What a command takes, for who has written something else. */
function allowedBy(command: Command): string {
  const commands = command.commands.map((each) => each.name());
  const all = [command, command.parent].flatMap((each) => each?.options.map(({ long }) => long) ?? []);
  const options = [...new Set(all)];
  const lists = [
    ["commands", commands],
    ["options", options],
  ] as const;
  const lines = lists.flatMap(([what, names]) => (names.length > 0 ? `${what}: ${names.join(", ")}\n` : []));
  return `${lines.join("")}(--help says more)`;
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
