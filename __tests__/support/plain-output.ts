/** What a program has written to its two pipes. */
export interface Written {
  /** As a user would type it. */
  readonly command: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  /** That it ended by itself: what was killed may have written half of it. */
  readonly isWhole: boolean;
}

/**
 * Checks what every program of ours keeps to that is not on a terminal: no escape codes, which set colours and move cursors; and
 * with `--json`, one JSON document or nothing on standard output. All who start programs in tests call this.
 * @throws with the place where it is not so
 */
export function requirePlain({ command, stdout, stderr, isWhole }: Written): void {
  for (const [stream, text] of Object.entries({ stdout, stderr })) {
    const at = text.indexOf("\x1b");
    if (at < 0) continue;
    const around = JSON.stringify(text.slice(Math.max(0, at - 80), at + 40));
    throw new Error(`${command.join(" ")}: an escape code on ${stream}, which is no terminal: ${around}`);
  }
  if (!isWhole || !command.includes("--json") || stdout === "") return;
  try {
    JSON.parse(stdout);
  } catch {
    throw new Error(`${command.join(" ")}: standard output is not one JSON document:\n${stdout}`);
  }
}
