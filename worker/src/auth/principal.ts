import { matchesGlob } from "../../../domain/glob";
import type { WorkerScope } from "../../../domain/tfstate-worker";

/** What may be done, on which states. */
export interface Grant {
  readonly scopes: readonly WorkerScope[];
  /** Names of states it can reach; `*` stands for any characters. */
  readonly states: readonly string[];
}

/** Who a request comes from, and what it may do. */
export interface Principal extends Grant {
  /**
   * Kind and name, such as `basic:alice`, `token:0bcb15020d319dd0` or
   * `oidc:https://token.actions.githubusercontent.com#repo:acme/infra:ref:refs/heads/main`. It stays the same, and goes
   * into locks, versions and audits.
   */
  readonly id: string;
  /** What people call it, where the ID does not say. */
  readonly name?: string;
  /** First segment of the key of every state it can reach. */
  readonly namespace: string;
}

/** How a principal is called where people read of it. */
export const nameOf = ({ id, name }: Principal): string => (name === undefined ? id : `${id} (${name})`);

/** Whether a grant covers what a scope stands for, on the state where one is named. */
export function permits(grant: Grant, scope: WorkerScope, state: string | null): boolean {
  return hasScope(grant, scope) && (state === null || grant.states.some((glob) => matchesGlob(glob, state)));
}

/** Whether a grant reaches every state of its namespace. */
export const reachesAll = ({ states }: Grant): boolean => states.some((glob) => matchesGlob(glob, "*"));

/** What one grant covers and another does not, such as `write scope`; null if it covers nothing more. */
export function excess(grant: Grant, other: Grant): string | null {
  const scope = grant.scopes.find((scope) => !hasScope(other, scope));
  if (scope) return `${scope} scope`;
  // A pattern that another one matches, star for star, names no state that the other does not name.
  const pattern = grant.states.find((pattern) => !other.states.some((glob) => matchesGlob(glob, pattern)));
  return pattern === undefined ? null : `rights on "${pattern}"`;
}

const hasScope = ({ scopes }: Grant, scope: WorkerScope): boolean =>
  scopes.includes(scope) || (scope === "metrics" && scopes.includes("admin"));
