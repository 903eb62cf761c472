import { DurableObject } from "cloudflare:workers";
import type { CredentialCheck } from "../auth/authenticate";
import { networkOf } from "../auth/client";
import { type AuthEnvironment, authSettings } from "../auth/settings";
import { principalOf } from "../auth/users";
import { VerifiedPasswords } from "../auth/verified-passwords";
import { migrate } from "../sqlite/migrations";
import { Brake, type Guess } from "./brake";
import { HashQueue } from "./hash-queue";
import { KnownClients, knownClientSchema } from "./known-clients";
import { placementOf } from "./placement";

/**
 * Checks the passwords of some user names: a Durable Object has the CPU time for PBKDF2, and sees the guesses of all
 * isolates. There are several, apart from the Directory, so that a guesser delays nobody but who logs in under the same name.
 */
export class Passwords extends DurableObject<AuthEnvironment> {
  readonly #verified = new VerifiedPasswords();
  /** Checks that have not ended. The same credentials again, from many jobs at once, are one guess. */
  readonly #pending = new Map<string, Promise<CredentialCheck>>();
  readonly #brake = new Brake();
  readonly #queue = new HashQueue();
  readonly #knownClients: KnownClients;

  constructor(ctx: DurableObjectState, env: AuthEnvironment) {
    super(ctx, env);
    migrate(ctx.storage, knownClientSchema);
    this.#knownClients = new KnownClients(ctx.storage.sql);
  }

  async verifyPassword(username: string, password: string, client: string): Promise<CredentialCheck> {
    const fingerprint = this.#verified.fingerprint(JSON.stringify([username, password]));
    const principal = this.#verified.get(fingerprint);
    if (principal) return { principal };
    const pending = this.#pending.get(fingerprint);
    if (pending) return pending;
    const check = this.#check(username, password, client);
    this.#pending.set(fingerprint, check);
    try {
      const answer = await check;
      if ("principal" in answer && answer.principal) this.#verified.add(fingerprint, answer.principal);
      return answer;
    } finally {
      this.#pending.delete(fingerprint);
    }
  }

  async #check(username: string, password: string, client: string): Promise<CredentialCheck> {
    const settings = authSettings(this.env);
    const isUser = settings.users.some(({ name }) => name === username);
    // Under a name that nobody has, only the pre-shared key can be right. This is the one place that tells names apart.
    const account = isUser ? `user ${username}` : "psk";
    const isKnown = this.#knownClients.has(account, client, Date.now());
    const { lane } = await placementOf(username);
    const guess: Guess = { username, client, isKnown };
    const retryAfter = this.#brake.attempt(guess, Date.now());
    if (retryAfter !== null) return { retryAfter };
    const check = this.#queue.run({ lane, network: networkOf(client), isKnown }, () =>
      principalOf(username, password, settings),
    );
    if (check === null) {
      this.#brake.refund(guess);
      return { isBusy: true };
    }
    const principal = await check;
    if (principal === null) {
      console.warn(JSON.stringify({ level: "warn", event: "wrong_password", client }));
      return { principal };
    }
    // Under the name of a user, the pre-shared key is right, but is not that user's password.
    if (isUser && principal.id === "psk") this.#brake.refund(guess);
    else {
      this.#brake.succeeded(guess);
      this.#knownClients.add(account, client, Date.now());
    }
    return { principal };
  }
}
