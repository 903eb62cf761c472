import { WORKER_SCOPES } from "../../../domain/tfstate-worker";
import { equalSecrets, verifyPassword } from "./password";
import type { Principal } from "./principal";
import type { AuthSettings } from "./settings";

/** A hash that no password has. */
const impossibleHash = `pbkdf2-sha256$1000$${"A".repeat(22)}$${"A".repeat(43)}`;

/** Whose user name and password these are; null where they are nobody's. */
export async function principalOf(
  username: string,
  password: string,
  { users, psk }: AuthSettings,
): Promise<Principal | null> {
  const user = users.find(({ name }) => name === username);
  // An unknown user costs what a known one costs, so that the time does not tell who exists.
  const isRight = await verifyPassword(password, user?.password ?? users[0]?.password ?? impossibleHash);
  if (user && isRight) {
    const { name, namespace = name, scopes, states } = user;
    return { id: `basic:${name}`, namespace, scopes, states };
  }
  if (psk && (await equalSecrets(password, psk.secret))) {
    return { id: "psk", namespace: psk.namespace, scopes: WORKER_SCOPES, states: ["*"] };
  }
  return null;
}
