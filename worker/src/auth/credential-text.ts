import { z } from "zod";
import { reservedNamespaces } from "../../../domain/state-objects";
import { hashDefect, looksLikeHash } from "./password";
import { isJwt, isMintedToken } from "./token";

/*
 * The texts of the variables that say who may come in. What a client could never send, or what would be taken for
 * something else, is refused when the variables are read. No message holds the text: it may be a secret.
 */

/** UTF-8 has no half of a pair, and a replacement character is what became of one. */
const isUnicode = (text: string) => !/[\p{Cs}\uFFFD]/u.test(text);
const notUnicode = "is not valid Unicode";
/** In what looks like a hash, something else is wrong. */
const hasNoControls = (text: string) => looksLikeHash(text) || !/\p{Cc}/u.test(text);
const controls =
  "holds a control character, such as a line break at its end; no client can send it (RFC 7617)";
const isNoToken = (text: string) => !isMintedToken(text) && !isJwt(text);
const token = "begins like a token (tfs_) or a JWT, and would be checked as one; choose another";

/** A namespace is the first segment of a key in the bucket. */
export const Namespace = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^/\\\p{Cc}]+$/u, "must hold no slash and no control character")
  .refine(isUnicode, notUnicode)
  .refine((name) => !reservedNamespaces.includes(name), "is reserved");

/** The name in a Basic header, where a colon ends it. */
export const UserName = Namespace.refine(
  (name) => !name.includes(":"),
  "must hold no colon: it could not log in",
)
  .refine((name) => name === name.trim(), "begins or ends with a blank")
  .refine(
    (name) => name === name.normalize("NFC"),
    "is not in Unicode's normal form C, and looks like another name",
  );

const Secret = z
  .string()
  .refine(hasNoControls, controls)
  .refine(isUnicode, notUnicode)
  .refine(isNoToken, token);

/** A password or its hash. */
export const Password = Secret.refine((text) => hashDefect(text) === null, {
  error: ({ input }) => hashDefect(String(input)) ?? "",
});

/** A password that is not hashed. */
export const PlainPassword = Secret.refine(
  (text) => !looksLikeHash(text),
  "is a hash, or begins like one, and would be compared as it is; give the secret itself",
);

/** The pre-shared key, which has no hash. */
export const PresharedKey = PlainPassword.min(16, "is shorter than 16 characters");
