import type { Policy } from "../model";

export interface PermissionGroup {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly [string];
}

const ACCOUNT = "com.cloudflare.api.account";
const ZONE = "com.cloudflare.api.account.zone";
const BUCKET = "com.cloudflare.edge.r2.bucket";

/** The permission groups that this project uses, with their IDs at Cloudflare. */
export const PERMISSION_GROUPS: readonly PermissionGroup[] = (
  [
    ["eb56a6953c034b9d97dd838155666f06", "Account API Tokens Read", ACCOUNT],
    ["5bc3f8b21c554832afc660159ab75fa4", "Account API Tokens Write", ACCOUNT],
    ["c1fde68c7bcc44588cbb6ddbc16d6480", "Account Settings Read", ACCOUNT],
    ["1a71c399035b4950a1bd1466bbe4f420", "Workers Scripts Read", ACCOUNT],
    ["e086da7e2179491d91ee5f35b3ca210a", "Workers Scripts Write", ACCOUNT],
    ["b4992e1108244f5d8bfbd5744320c2e1", "Workers R2 Storage Read", ACCOUNT],
    ["bf7481a1826f439697cb59a20b22293e", "Workers R2 Storage Write", ACCOUNT],
    ["6a018a9f2fc74eb6b293b0c548f38b39", "Workers R2 Storage Bucket Item Read", BUCKET],
    ["2efd5506f9c8494dacb1fa10a3e7d5b6", "Workers R2 Storage Bucket Item Write", BUCKET],
    ["c8fed203ed3043cba015a93ad1616f1f", "Zone Read", ZONE],
    ["28f4b596e7d643029c524985477ae49a", "Workers Routes Write", ZONE],
  ] as const
).map(([id, name, scope]) => ({ id, name, scopes: [scope] }));

/** What an API requires: the permission group `<family> Read` or `<family> Write`. Write includes read. */
export type Family =
  | "Account API Tokens"
  | "Workers Scripts"
  | "Workers R2 Storage"
  | "Workers R2 Storage Bucket Item";
export type Action = "read" | "write";

/** The IDs of the groups that permit an action. */
export function groupsFor(family: Family, action: Action): ReadonlySet<string> {
  const names = [`${family} Write`, ...(action === "read" ? [`${family} Read`] : [])];
  return new Set(PERMISSION_GROUPS.filter(({ name }) => names.includes(name)).map(({ id }) => id));
}

export const accountResource = (accountId: string): string => `${ACCOUNT}.${accountId}`;

export const bucketResource = (accountId: string, jurisdiction: string, name: string): string =>
  `${BUCKET}.${accountId}_${jurisdiction}_${name}`;

/** A policy with all permissions in an account. */
export const fullAccess = (accountId: string): Omit<Policy, "id"> => ({
  effect: "allow",
  permission_groups: PERMISSION_GROUPS.filter(({ scopes }) => scopes[0] === ACCOUNT).map(({ id }) => ({
    id,
  })),
  resources: { [accountResource(accountId)]: "*" },
});
