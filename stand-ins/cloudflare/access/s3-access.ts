import type { AccountState, TemporaryCredential, Token } from "../model";
import type { S3Credential } from "../s3/access";
import { allowsApi, allowsObjects, isUsable } from "./tokens";

/** The credential of an access key id: an account token's, or a temporary one that has not expired. */
export function findCredential(state: AccountState, accessKeyId: string): S3Credential | undefined {
  const token = state.tokens[accessKeyId];
  if (token) return isUsable(token) ? tokenCredential(token, state.id) : undefined;
  const temporary = state.temporaryCredentials[accessKeyId];
  if (!temporary || temporary.expiresAt <= Date.now()) return undefined;
  const parent = state.tokens[temporary.parentId];
  return parent && isUsable(parent) ? restrict(tokenCredential(parent, state.id), temporary) : undefined;
}

const tokenCredential = (token: Token, accountId: string): S3Credential => ({
  secretAccessKey: token.valueSha256,
  listsBuckets: allowsApi(token, accountId, "Workers R2 Storage", "read"),
  allows: (bucket, action) => allowsObjects(token, accountId, bucket, action),
});

/** The parent's credential, limited to what the temporary one permits. */
const restrict = (parent: S3Credential, temporary: TemporaryCredential): S3Credential => ({
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
