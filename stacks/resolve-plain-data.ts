import { Token, Tokenization } from "cdktf";

/*
 * cdktf looks for tokens in every value, with a new context for each, and does so twice for a whole stack. Nearly all values of
 * a stack are plain. They are copied here, and only the others are left to cdktf: that is half of the time of a large synth.
 */

const { resolve } = Tokenization;

/** Leaves to cdktf what may hold a token, or have to be escaped. The result is the same as cdktf's own, errors included. */
Tokenization.resolve = (value, options) => {
  const each = (part: unknown): unknown => {
    if (isPlain(part)) return part;
    if (Array.isArray(part) && !part.some(isListToken)) {
      return part.map(each).filter((item) => item !== undefined);
    }
    if (isMapping(part)) {
      const copy: Record<string, unknown> = {};
      for (const key of Object.keys(part)) {
        const item = each(part[key]);
        if (item !== undefined) copy[key] = item;
      }
      return copy;
    }
    return resolve.call(Tokenization, part, options);
  };
  try {
    return each(value);
  } catch {
    // cdktf's own error says where the value is.
    return resolve.call(Tokenization, value, options);
  }
};

const MAP_TOKENS: readonly unknown[] = [Token.STRING_MAP_TOKEN_VALUE, Token.ANY_MAP_TOKEN_VALUE];
/** What tokens of texts, lists and maps begin with, and expressions; a number that is a token is written with an exponent. */
const SPECIAL = /[$#&]\{|e\+/i;

function isPlain(value: unknown): boolean {
  if (typeof value === "string") return !SPECIAL.test(value) && !MAP_TOKENS.includes(value);
  // Tokens are negative, as is what stands for a map of numbers.
  if (typeof value === "number") return value >= 0 && value <= Number.MAX_SAFE_INTEGER;
  return typeof value === "boolean" || value === null || value === undefined;
}

/** Stands for a whole list. */
const isListToken = (value: unknown) =>
  typeof value === "number" ? !isPlain(value) : typeof value === "string" && value.includes("#{");

/** An object that is neither a token, nor a map that is one, nor of a class. */
function isMapping(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return false;
  return !("resolve" in value) && Object.keys(value).every(isPlain);
}
