import { sha256 } from "../auth/password";

const objects = 16;
const lanes = 8;

/** Where the passwords of a user name are checked. It does not depend on whether there is such a user. */
export interface Placement {
  /** Name of the Durable Object. */
  readonly object: string;
  /** Where its hashes wait there. */
  readonly lane: number;
}

export async function placementOf(username: string): Promise<Placement> {
  const [first = 0, second = 0] = await sha256(username);
  return { object: `passwords-${first % objects}`, lane: second % lanes };
}
