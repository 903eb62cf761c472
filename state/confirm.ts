import { saysYes } from "../process/says-yes";
import { StateError } from "./problem";

/**
 * Asks for a yes.
 * @throws StateError where the answer is another, or nobody can answer
 */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  const answer = await saysYes(question);
  if (answer === undefined) throw new StateError(`${question} nobody is there to say yes`, "give --yes");
  if (!answer) throw new StateError("not confirmed", "nothing was changed");
}
