import { networkOf } from "../auth/client";
import { Throttle } from "../auth/throttle";

/** A try of one password. */
export interface Guess {
  /** Whose password it may be. */
  readonly account: string;
  /** Address of the client. */
  readonly client: string;
  /** The client has had this account's password before. */
  readonly isKnown: boolean;
}

/** Slows guesses at one account: by client, by network, and in all, as an attacker may have many addresses. */
export class Brake {
  readonly #clients = new Throttle();
  readonly #networks = new Throttle({ burst: 20, everyMs: 10_000 });
  readonly #accounts = new Throttle({ burst: 100, everyMs: 5_000 });

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

  /** The guess was not wrong, but says nothing about others: it was not tried, or is another account's password. */
  refund(guess: Guess): void {
    for (const [throttle, key] of this.#counters(guess)) throttle.refund(key);
  }

  /** Whoever knows the password has nothing to guess: their client starts anew, at this account alone. */
  succeeded(guess: Guess): void {
    this.refund(guess);
    this.#clients.succeeded(clientKey(guess));
  }

  /** A known client is not slowed by what others do, so that nobody can lock the owner out. */
  #counters(guess: Guess): readonly (readonly [Throttle, string])[] {
    const own = [this.#clients, clientKey(guess)] as const;
    if (guess.isKnown) return [own];
    const { account, client } = guess;
    return [own, [this.#networks, `${networkOf(client)} ${account}`], [this.#accounts, account]];
  }
}

const clientKey = ({ account, client }: Guess): string => `${client} ${account}`;
