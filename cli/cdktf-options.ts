import { closestWord } from "../config/spelling";

/** What both commands of cdktf take, `synth` and `diff`. A test compares these lists with the help of cdktf. */
const COMMON = [
  "--version",
  "--experimental-provider-schema-cache-path",
  "--disable-plugin-cache-env",
  "--log-level",
  "--log-file-directory",
  "--app",
  "--output",
] as const;
export const CDKTF_OPTIONS = {
  synth: [...COMMON, "--check-code-maker-output", "--hcl"],
  diff: [
    ...COMMON,
    "--refresh-only",
    "--terraform-parallelism",
    "--var",
    "--var-file",
    "--no-color",
    "--migrate-state",
    "--skip-synth",
    "--skip-provider-lock",
  ],
} as const;
const SHORT: Readonly<Record<string, string>> = { "-a": "--app", "-o": "--output" };

/**
 * Refuses now what cdktf would refuse once it is started, with a page of help.
 *
 * @param own the options of the command itself
 * @throws if the argument is an option that neither of them has
 */
export function requireKnownOption(
  argument: string,
  { command, own, cdktf }: { command: string; own: readonly string[]; cdktf: keyof typeof CDKTF_OPTIONS },
): void {
  const [, written = ""] = /^(--?[a-z][\w-]*)/i.exec(argument) ?? [];
  const names: readonly string[] = CDKTF_OPTIONS[cdktf];
  if (written === "" || names.includes(longForm(written))) return;
  const meant = closestWord(written, [...own, ...names]);
  throw new Error(
    `${command} takes no ${written}${meant ? `; did you mean ${meant}?` : ""}\noptions: ${own.join(", ")}\n` +
      `options of cdktf: ${names.join(", ")}\n(--help says more)`,
  );
}

/** `--skip-synth` for `--skipSynth` and `--no-skip-synth`, which cdktf takes too. */
function longForm(written: string): string {
  const dashed = written.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return SHORT[written] ?? (dashed === "--no-color" ? dashed : dashed.replace(/^--no-/, "--"));
}
