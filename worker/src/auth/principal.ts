import { matchesGlob } from "../../../domain/glob";
import type { WorkerScope } from "../../../domain/tfstate-worker";

/** Who a request comes from, and what it may do. */
export interface Principal {
  /** Kind and name, such as `basic:alice` or `oidc:repo:acme/infra:ref:refs/heads/main`; goes into the audit. */
  readonly id: string;
  /** First segment of the key of every state it can reach. */
  readonly namespace: string;
  readonly scopes: readonly WorkerScope[];
  /** Names of states it can reach; `*` stands for any characters. */
  readonly states: readonly string[];
}

/** Whether `principal` may do what `scope` covers, on the state where one is named. */
export function permits(principal: Principal, scope: WorkerScope, state: string | null): boolean {
  return (
    principal.scopes.includes(scope) &&
    (state === null || principal.states.some((glob) => matchesGlob(glob, state)))
  );
}
