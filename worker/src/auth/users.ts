import { WORKER_SCOPES } from "../../../domain/tfstate-worker";
import { equalSecrets, iterationsOf, verifyPassword } from "./password";
import type { Principal } from "./principal";
import type { AuthSettings } from "./settings";

/** Whose user name and password these are; null if they are nobody's. */
export async function principalOf(
  username: string,
  password: string,
  { users, psk }: AuthSettings,
): Promise<Principal | null> {
  const user = users.find(({ name }) => name === username);
  // Every name takes what the dearest hash takes, so that the time tells neither who exists nor how.
  const cost = Math.max(0, ...users.map((each) => iterationsOf(each.password)));
  const isRight = await verifyPassword(password, user?.password ?? crypto.randomUUID(), cost);
  if (user && isRight) {
    const { name, namespace = name, scopes, states } = user;
    return { id: `basic:${name}`, namespace, scopes, states };
  }
  if (psk && (await equalSecrets(password, psk.secret))) {
    return { id: "psk", namespace: psk.namespace, scopes: WORKER_SCOPES, states: ["*"] };
  }
  return null;
}
