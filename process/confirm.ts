import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import type { Readable } from "node:stream";

export interface QuestionProps {
  readonly signal?: AbortSignal;
  /** @default standard input */
  readonly input?: Readable & { readonly isTTY?: boolean };
  /** The answer that is a yes. @default "yes" */
  readonly expected?: string;
}

/**
 * Asks a question on standard error. Only one word is a yes, as with `tofu apply`. Ctrl-C and the end of the input are a no.
 * @returns undefined if there is no terminal, so that nobody can answer
 * @throws the reason of `signal` once it is aborted
 */
export async function confirm(
  question: string,
  { signal, input = process.stdin, expected = "yes" }: QuestionProps = {},
): Promise<boolean | undefined> {
  if (!input.isTTY) return undefined;
  const terminal = createInterface({ input, output: process.stderr });
  // At the end of the input, `question` never settles, and the process would end without an error.
  const closed = once(terminal, "close").then(() => "no");
  try {
    const answer = terminal
      .question(`${question} Only "${expected}" is taken: `, { signal })
      .catch((error) => {
        if (signal?.aborted) throw error;
        // During a question, readline takes Ctrl-C, the process does not see it, and the cursor stays on the line.
        process.stderr.write("\n");
        return "no";
      });
    return (await Promise.race([answer, closed])).trim() === expected;
  } finally {
    terminal.close();
  }
}
