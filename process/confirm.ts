import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import type { Readable } from "node:stream";

export interface QuestionProps {
  readonly signal?: AbortSignal;
  /** @default standard input */
  readonly input?: Readable & { readonly isTTY?: boolean };
}

/**
 * Asks somebody for a yes, on standard error. Only the word itself counts, as with `tofu apply`; Ctrl-C, or the end of
 * the input, is a no.
 * @returns undefined where nobody can answer
 * @throws once `signal` is aborted
 */
export async function confirm(
  question: string,
  { signal, input = process.stdin }: QuestionProps = {},
): Promise<boolean | undefined> {
  if (!input.isTTY) return undefined;
  const terminal = createInterface({ input, output: process.stderr });
  // An answer that never comes would let the process end in the middle, without an error.
  const closed = once(terminal, "close").then(() => "no");
  try {
    const answer = terminal.question(`${question} Only "yes" is taken: `, { signal }).catch((error) => {
      if (signal?.aborted) throw error;
      // A terminal that is asked gives Ctrl-C to readline, not to the process, and stays on the line.
      process.stderr.write("\n");
      return "no";
    });
    return (await Promise.race([answer, closed])).trim() === "yes";
  } finally {
    terminal.close();
  }
}
