import type { Command } from "commander";
import { COMMANDS, type CommandEntry } from "../cli/commands";
import { examplesOf } from "../cli/examples";
import { describeProgram } from "../cli/run";

/* The page docs/reference/commands.md, from what `--help` says. */

const HEAD = `# Commands

Each command with its options and exit codes, as its \`--help\` says them; \`npm run docs:commands\` writes this page. In a project of
your own, [\`npm run NAME --\` is \`cdktf-proxmox-talos NAME\`](../package.md).`;

/** The whole page. */
export function commandsReference(): string {
  const list = COMMANDS.map(({ name, summary }) => `- [\`${name}\`](#${name.replace(":", "")}): ${summary}`);
  const all = COMMANDS.flatMap((entry) => describe(programOf(entry), entry.name, "##"));
  return `${[HEAD, list.join("\n"), ...all].join("\n\n")}\n`;
}

/** One file has several commands, and is loaded anew for each of them. */
function programOf({ name, file = name, args = [] }: CommandEntry): Command {
  delete require.cache[require.resolve(`../cli/${file}`)];
  return describeProgram(file, args);
}

/** A command, then those in it. */
function describe(command: Command, path: string, level: string): string[] {
  const help = command.createHelp();
  const options = help.visibleOptions(command).filter(({ long }) => long !== "--help");
  const blocks = [
    `${level} \`${path}\``,
    sentence(command.description()),
    `\`\`\`text\n${help.commandUsage(command)}\n\`\`\``,
    table(
      "argument",
      help.visibleArguments(command).map((each) => [each.name(), help.argumentDescription(each)]),
    ),
    table(
      "option",
      options.map((each) => [help.optionTerm(each), help.optionDescription(each)]),
    ),
    examples(path, help.commandUsage(command)),
    ...afterHelp(command).map(paragraph),
  ];
  const inner = command.commands
    .filter((each) => each.name() !== "help")
    .flatMap((each) => describe(each, `${path} ${each.name()}`, "###"));
  return [...blocks.filter((block) => block !== ""), ...inner];
}

function table(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map(([term, meaning]) => `| \`${term}\` | ${escaped(meaning)} |`);
  return [`| ${title} | meaning |`, "| --- | --- |", ...lines].join("\n");
}

function examples(path: string, usage: string): string {
  const called = usage.replace(/ \[options\].*/, "");
  const lines = examplesOf(path, called).map(({ line, purpose }) => `# ${purpose}\n${line}`);
  return lines.length === 0 ? "" : `**examples**:\n\n\`\`\`text\n${lines.join("\n\n")}\n\`\`\``;
}

/** What the help says after the options: paragraphs, and lists of names with what they are. */
function afterHelp(command: Command): readonly string[] {
  let text = "";
  command.configureOutput({ writeOut: (more) => (text += more), getOutHelpWidth: () => 100 });
  command.outputHelp();
  const after = text.slice(text.lastIndexOf(command.helpInformation()) + command.helpInformation().length);
  return after.trim().split(/\n(?! )\n*/);
}

function paragraph(text: string): string {
  const [first = "", ...rest] = text.split("\n");
  if (rest.length > 0) return `${escaped(first)}\n\n\`\`\`text\n${rest.join("\n")}\n\`\`\``;
  return escaped(first.replace(/^(exit codes|environment|examples?): /, "**$1**: "));
}

/** Text that Markdown leaves as it is. */
const escaped = (text: string) => text.replaceAll(/[|<>[\]_]/g, "\\$&");

const sentence = (text: string) => escaped(`${text[0]?.toUpperCase()}${text.slice(1)}.`);
