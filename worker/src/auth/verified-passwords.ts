import type { Principal } from "./principal";

const maxVerified = 1000;

/**
 * Passwords that were right, by a keyed hash, so that PBKDF2 runs once and not at each request. The key never leaves
 * the memory of this isolate, so the hashes could not be used anywhere else.
 */
export class VerifiedPasswords {
  readonly #principals = new Map<string, Principal>();
  #key: Promise<CryptoKey> | undefined;

  get(fingerprint: string): Principal | undefined {
    return this.#principals.get(fingerprint);
  }

  add(fingerprint: string, principal: Principal): void {
    // Under a pre-shared key any user name is right, so there is no end of them.
    if (this.#principals.size >= maxVerified) this.#principals.clear();
    this.#principals.set(fingerprint, principal);
  }

  /** What these credentials are known by here. */
  async fingerprint(username: string, password: string): Promise<string> {
    this.#key ??= crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, [
      "sign",
    ]) as Promise<CryptoKey>;
    const data = new TextEncoder().encode(JSON.stringify([username, password]));
    return btoa(
      String.fromCharCode(...new Uint8Array(await crypto.subtle.sign("HMAC", await this.#key, data))),
    );
  }
}
