import { hash } from "node:crypto";
import { base64url } from "./password";
import type { Principal } from "./principal";

const maxVerified = 1000;

/**
 * Passwords that were right, by a keyed hash, so that PBKDF2 runs once and not at each request. The key never leaves
 * the memory of this isolate, so the hashes could not be used anywhere else.
 */
export class VerifiedPasswords {
  readonly #principals = new Map<string, Principal>();
  #key: string | undefined;

  get(fingerprint: string): Principal | undefined {
    return this.#principals.get(fingerprint);
  }

  add(fingerprint: string, principal: Principal): void {
    // Under a pre-shared key any user name is right, so there is no end of them.
    if (this.#principals.size >= maxVerified) this.#principals.clear();
    this.#principals.set(fingerprint, principal);
  }

  /** What these credentials are known by here. @param credentials one text for each pair of user name and password */
  fingerprint(credentials: string): string {
    // Not earlier: the runtime has no random bits outside of a request.
    this.#key ??= base64url(crypto.getRandomValues(new Uint8Array(32)));
    return hash("sha256", `${this.#key}${credentials}`, "hex");
  }
}
