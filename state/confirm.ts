import { createInterface } from "node:readline/promises";
import { StateError } from "./problem";

/**
 * Asks for a yes; only the word itself counts, as with `tofu apply`.
 * @throws StateError where nobody can answer, or the answer is another
 */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new StateError(`${question} nobody is there to say yes`, "give --yes");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} Only "yes" is taken: `);
    if (answer.trim() !== "yes") throw new StateError("not confirmed", "nothing was changed");
  } finally {
    terminal.close();
  }
}
