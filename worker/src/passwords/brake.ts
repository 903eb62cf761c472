import { networkOf } from "../auth/client";
import { Throttle } from "../auth/throttle";

/** A try of one password. */
export interface Guess {
  /** Whether or not there is such a user: the answers must not tell. */
  readonly username: string;
  /** Address of the client. */
  readonly client: string;
  /** The client has had the right password before. */
  readonly isKnown: boolean;
}

/** Slows guesses: by client and user name, by network, and by user name alone, as an attacker may have many addresses. */
export class Brake {
  readonly #clients = new Throttle();
  readonly #networks = new Throttle({ burst: 20, everyMs: 10_000 });
  readonly #usernames = new Throttle({ burst: 100, everyMs: 5_000 });

  /**
   * Asks to try one password, and counts it as wrong until {@link refund} or {@link succeeded}.
   * @returns seconds to wait, or null when it may be tried now
   */
  attempt(guess: Guess, now: number): number | null {
    const counters = this.#counters(guess);
    const seconds = Math.max(...counters.map(([throttle, key]) => throttle.secondsToWait(key, now)));
    if (seconds > 0) return seconds;
    for (const [throttle, key] of counters) throttle.charge(key, now);
    return null;
  }

  /** The guess was not wrong, but says nothing about others: it was not tried, or is another credential. */
  refund(guess: Guess): void {
    for (const [throttle, key] of this.#counters(guess)) throttle.refund(key);
  }

  /** Whoever knows the password has nothing to guess: their client starts again from zero, for this name only. */
  succeeded(guess: Guess): void {
    this.refund(guess);
    this.#clients.succeeded(clientKey(guess));
  }

  /** A known client is not slowed by what others do, so that nobody can lock the owner out. */
  #counters(guess: Guess): readonly (readonly [Throttle, string])[] {
    const own = [this.#clients, clientKey(guess)] as const;
    if (guess.isKnown) return [own];
    return [own, [this.#networks, networkOf(guess.client)], [this.#usernames, guess.username]];
  }
}

const clientKey = ({ username, client }: Guess): string => `${client} ${username}`;
