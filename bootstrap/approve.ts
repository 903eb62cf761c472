import { createInterface } from "node:readline/promises";

/**
 * Asks for a yes. Only the word itself counts, as with `tofu apply`.
 * @throws where nobody can answer
 */
export async function approve(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Error(`${question}: nobody is there to say yes; run it in a terminal, or with --yes`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(`${question} Only "yes" is taken: `, { signal })).trim() === "yes";
  } finally {
    terminal.close();
  }
}
