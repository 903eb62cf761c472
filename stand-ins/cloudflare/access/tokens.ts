import { createHash, randomBytes } from "node:crypto";
import { BlockList, isIPv6 } from "node:net";
import type { AccountState, Policy, Token } from "../model";
import type { BucketName } from "../s3/access";
import { type Action, accountResource, bucketResource, type Family, groupsFor } from "./permission-groups";

/** The address of every caller: the server listens on loopback only. */
const CALLER = "127.0.0.1";

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A random token value of 40 characters, the length that the provider requires. */
export const newTokenValue = (): string => randomBytes(30).toString("base64url");

/** `active` and `disabled` are saved; `expired` follows from the time. */
export const tokenStatus = ({ status, expires_on }: Token): "active" | "disabled" | "expired" =>
  status === "active" && expires_on && Date.parse(expires_on) <= Date.now() ? "expired" : status;

/** Whether a token is active, within its time, and allowed from the caller's address. */
export function isUsable(token: Token): boolean {
  if (tokenStatus(token) !== "active") return false;
  if (token.not_before && Date.parse(token.not_before) > Date.now()) return false;
  const { in: allowed = [], not_in: denied = [] } = token.condition?.request_ip ?? {};
  if (allowed.length > 0 && !includesCaller(allowed)) return false;
  return !includesCaller(denied);
}

/** The token with this value; undefined where there is none or it may not be used. */
export function bearer({ tokens }: AccountState, value: string): Token | undefined {
  const hash = sha256(value);
  return Object.values(tokens).find((token) => token.valueSha256 === hash && isUsable(token));
}

/** Whether a token may call a part of the account's API. */
export const allowsApi = (token: Token, accountId: string, family: Family, action: Action): boolean =>
  permits(token.policies, groupsFor(family, action), [accountResource(accountId)]);

/** Whether a token may use the objects of a bucket, by a permission on that bucket or on R2 in the whole account. */
export function allowsObjects(
  { policies }: Token,
  accountId: string,
  { jurisdiction, name }: BucketName,
  action: Action,
): boolean {
  const account = accountResource(accountId);
  const bucket = bucketResource(accountId, jurisdiction, name);
  return (
    permits(policies, groupsFor("Workers R2 Storage", action), [account]) ||
    permits(policies, groupsFor("Workers R2 Storage Bucket Item", action), [bucket])
  );
}

/** At least one policy must allow it, and none may deny it. */
function permits(policies: readonly Policy[], groups: ReadonlySet<string>, resources: readonly string[]) {
  const matching = policies.filter(
    (policy) =>
      policy.permission_groups.some(({ id }) => groups.has(id)) &&
      resourceNames(policy.resources).some((pattern) => resources.some((name) => matches(pattern, name))),
  );
  return matching.length > 0 && matching.every(({ effect }) => effect === "allow");
}

/** The resource names in `{"…account.1": "*"}` and in the nested form `{"…account.1": {"…bucket.*": "*"}}`. */
const resourceNames = (resources: Policy["resources"]): string[] =>
  Object.entries(resources).flatMap(([name, value]) =>
    value !== null && typeof value === "object" ? Object.keys(value) : [name],
  );

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

function includesCaller(ranges: readonly string[]): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list.check(CALLER);
}
