import type { CredentialStore } from "../auth/authenticate";
import type { Env } from "../env";
import { objectsOf } from "../objects";
import { placementOf } from "../passwords/placement";
import { directoryOf } from "./context";
import { countAuthFailure } from "./metrics";

/** Where the credentials of a request are checked: tokens in the Directory, passwords in objects of their own. */
export const credentialStore = (env: Env): CredentialStore => ({
  verifyToken: (token, client) => directoryOf(env).verifyToken(token, client),
  async verifyPassword(username, password, client) {
    const passwords = objectsOf(env.PASSWORDS, env).getByName((await placementOf(username)).object);
    const check = await passwords.verifyPassword(username, password, client);
    if ("principal" in check && check.principal === null) countAuthFailure();
    return check;
  },
});
