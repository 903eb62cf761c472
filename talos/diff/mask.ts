import { createHash } from "node:crypto";

const SECRET = "(secret)";

/** The last part of the name of a key that holds a secret, as Talos and extensions name them. */
const SECRET_KEY =
  /^(key|secret|token|auth|password|passphrase)$|(Key|Secret|Token|Password|Passphrase|Credentials?)$|[_-](key|secret|token|password)$/i;
/** A variable of an environment, or a kernel argument. */
const SECRET_ASSIGNMENT = /^([\w.-]*(?:key|secret|token|password|passphrase)[\w.-]*=).+/is;
const SECRET_QUERY = /([?&][\w.-]*(?:key|secret|token|password|passphrase)[\w.-]*=)[^&\s]+/gi;
/** The text of a file or a manifest. */
const FILE_KEY = /^contents?$/;
const PRIVATE_KEY = "PRIVATE KEY-----";
const USER_INFO = /:\/\/[^/@\s]+@/g;
/** Longer texts are files, manifests and scripts: whatever may be in them. */
const LONGEST = 120;

/** A value of a machine config with everything masked that is a secret or may have one in it. */
export function masked(value: unknown, path: readonly (string | number)[]): unknown {
  if (path.some((part) => typeof part === "string" && SECRET_KEY.test(part)) && holdsAText(value))
    return SECRET;
  if (Array.isArray(value)) return value.map((item, index) => masked(item, [...path, index]));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, masked(item, [...path, key])]),
    );
  }
  if (typeof value !== "string") return value;
  const text = maskedText(value);
  // The hash of a short one would not hide it.
  return text === value && FILE_KEY.test(String(path.at(-1))) ? SECRET : text;
}

/** A number or a yes is no secret. */
const holdsAText = (value: unknown): boolean =>
  typeof value === "string" || (typeof value === "object" && value !== null);

function maskedText(text: string): string {
  // Talos has its keys in base64.
  const decoded = Buffer.from(text, "base64").toString("latin1");
  if (text.includes(PRIVATE_KEY) || decoded.includes(PRIVATE_KEY)) return SECRET;
  if (text.length > LONGEST || text.includes("\n")) {
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
    return `(text of ${text.trimEnd().split("\n").length} lines, sha256 ${hash}…)`;
  }
  return text
    .replace(SECRET_ASSIGNMENT, `$1${SECRET}`)
    .replaceAll(USER_INFO, `://${SECRET}@`)
    .replaceAll(SECRET_QUERY, `$1${SECRET}`);
}
