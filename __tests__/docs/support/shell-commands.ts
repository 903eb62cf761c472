/* What a block of shell runs, in a form by which the test that runs it is found. */

/** Programs of this project that have subcommands, or get those of another program. */
const WITH_SUBCOMMANDS = /^(bootstrap|certificates|completion|config|etcd|github|local|secrets|state|tofu)$/;
/** What no change of this program can break: the shell, and tools that any machine has. */
const ANYWHERE =
  /^(export|unset|eval|cd|cat|rm|cp|mv|sed|mkdir|for|do|done|kill|exec|git|openssl|\$EDITOR)\b|^\w+=\S*$|^done$|^$/;
/** Variables that make another command of one. */
const MODES = ["ALLOW_REPLACE", "HOSTS_DOWN"];

/**
 * The commands of a block: `npm run state -- migrate --to r2 --yes` is `state migrate --to --yes`. Values are left out, and so are
 * commands that need no test.
 */
export function formsIn(block: string): readonly string[] {
  const commands: string[] = [];
  const rest = block
    .replaceAll("\\\n", " ")
    .replaceAll(/(^|\s)#.*$/gm, "")
    .replaceAll(/"?\$\((.*?)\)"?/g, (_, inner: string) => {
      commands.push(inner);
      return "X";
    })
    .replaceAll(/'[^']*'/g, "X")
    .replaceAll(/"[^"\n]*"/g, (text) => (/[\s|;&]/.test(text) ? "X" : text));
  commands.push(...rest.split(/\n|&&|\|\||[;|&]/));
  const forms = commands.map((command) => formOf(command.trim()));
  return [...new Set(forms.filter((form) => form !== undefined))];
}

function formOf(command: string): string | undefined {
  const variables = /^(?:\w+=\S*\s+)*/.exec(command)?.[0] ?? "";
  const bare = command.slice(variables.length);
  if (ANYWHERE.test(bare)) return undefined;
  const own = /^(?:npm run (?:-s )?|npx cdktf-proxmox-talos |npm (?=start|test))([a-z][\w:-]*)(.*)$/.exec(
    bare,
  );
  if (own === null) return formOfOther(bare);
  const [, name = "", rest = ""] = own;
  const words = rest.split(/\s+/).filter((word) => !/^(--)?$/.test(word));
  const [first = ""] = words;
  return [
    ...MODES.filter((mode) => variables.includes(`${mode}=`)),
    name,
    ...(WITH_SUBCOMMANDS.test(name) && /^[a-z][\w-]*$/.test(first) ? [first] : []),
    ...new Set(words.filter((word) => word.startsWith("--")).map((word) => word.replace(/=.*/, ""))),
  ].join(" ");
}

/** `curl` by the path that it asks for, other programs by their first two words. */
function formOfOther(command: string): string {
  const [program = "", word = ""] = command.split(/\s+/);
  const path = /(?:https?:\/\/[^/\s]+|\$\w*URL)(\/[^\s"]*)/.exec(command)?.[1];
  return program === "curl" ? `curl ${path}` : `${program} ${word}`;
}
