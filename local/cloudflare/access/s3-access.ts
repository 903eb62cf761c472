import type { Account } from "../account";
import type { BucketName, TemporaryCredential, Token } from "../model";
import type { Action } from "./permission-groups";
import { allowsObjects, isUsable } from "./tokens";

/** A key pair of the S3 API. */
export interface Credential {
  readonly secretAccessKey: string;
  /** Must come with every request where there is one. */
  readonly sessionToken?: string;
  /** @param key an object, or the prefix of a listing; none for what concerns the whole bucket */
  allows(bucket: BucketName, action: Action, key?: string): boolean;
}

/** The credential of an access key id: an account token's, or a temporary one that has not expired. */
export function findCredential({ state }: Account, accessKeyId: string): Credential | undefined {
  const token = state.tokens[accessKeyId];
  if (token) return isUsable(token) ? ofToken(token, state.id) : undefined;
  const temporary = state.temporaryCredentials[accessKeyId];
  if (!temporary || temporary.expiresAt <= Date.now()) return undefined;
  const parent = state.tokens[temporary.parentId];
  return parent && isUsable(parent) ? cutTo(temporary, ofToken(parent, state.id)) : undefined;
}

const ofToken = (token: Token, accountId: string): Credential => ({
  secretAccessKey: token.valueSha256,
  allows: (bucket, action) => allowsObjects(token, accountId, bucket, action),
});

const cutTo = (temporary: TemporaryCredential, parent: Credential): Credential => ({
  secretAccessKey: temporary.secretAccessKey,
  sessionToken: temporary.sessionToken,
  allows: (bucket, action, key) =>
    bucket.jurisdiction === temporary.bucket.jurisdiction &&
    bucket.name === temporary.bucket.name &&
    (action === "read" || temporary.permission.endsWith("read-write")) &&
    isInScope(temporary, key) &&
    parent.allows(bucket, action, key),
});

function isInScope({ prefixes, objects }: TemporaryCredential, key: string | undefined): boolean {
  if (prefixes.length === 0 && objects.length === 0) return true;
  if (key === undefined) return false;
  return objects.includes(key) || prefixes.some((prefix) => key.startsWith(prefix));
}
