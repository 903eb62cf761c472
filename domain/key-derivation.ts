import type { Range } from "./range";

/*
 * PBKDF2 with HMAC-SHA512: OpenTofu derives the key of a state from a passphrase, several times in each plan.
 */

/** The minimum that OpenTofu accepts, and a maximum, since ten million iterations take minutes in each plan. */
export const ITERATIONS: Range = { min: 200_000, max: 10_000_000 };

/**
 * What OWASP asks for with SHA-512. OpenTofu's own default of 600,000 is OWASP's figure for SHA-256.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#pbkdf2
 */
export const CHOSEN_PASSPHRASE_ITERATIONS = 210_000;

/** Nobody can guess 256 random bits, so that iterations add nothing to them. */
export const GENERATED_PASSPHRASE_ITERATIONS = ITERATIONS.min;

/** The length of 256 bits in base64 without padding; in hexadecimal they are longer. */
export const GENERATED_PASSPHRASE_LENGTH = 43;

/**
 * What is wrong with a number of iterations in {@link ITERATIONS}, and what to do, if anything.
 * @param key what says that a passphrase is generated
 */
export function iterationsProblem(iterations: number, isGenerated: boolean, key: string): string | undefined {
  if (isGenerated || iterations >= CHOSEN_PASSPHRASE_ITERATIONS) return undefined;
  return (
    `is too few for a passphrase that a person has chosen; give at least ${CHOSEN_PASSPHRASE_ITERATIONS}, ` +
    `or use a generated one and say so (${key}: true)`
  );
}
