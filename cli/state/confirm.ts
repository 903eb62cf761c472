import { confirm } from "../../process/confirm";
import { StateError } from "../../state/errors";

/**
 * Asks for a yes, unless it was given on the command line.
 * @throws StateError if the answer is another, or nobody can answer
 */
export async function requireConfirmation(question: string, yes = false): Promise<void> {
  if (yes) return;
  const answer = await confirm(question);
  if (answer === undefined) throw new StateError(`${question} nobody is there to say yes`, "give --yes");
  if (!answer) throw new StateError("not confirmed", "nothing was changed");
}
