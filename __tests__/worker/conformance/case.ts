import { deepEqual, ok } from "node:assert/strict";
import type { Reply, Target } from "./client";

/** One promise that a state backend has to keep. */
export interface Case {
  /** A sentence that is true of a backend which passes. */
  readonly name: string;
  /** Needs routes that only this Worker has (history, overrides, freeze, audit). */
  readonly extension?: boolean;
  run(target: Target): Promise<void>;
}

export function expectStatus(reply: Reply, ...allowed: number[]): void {
  ok(
    allowed.includes(reply.status),
    `status ${reply.status}, expected ${allowed.join(" or ")}: ${reply.text.slice(0, 300)}`,
  );
}

/** An answer that no client can read as "there is no state". */
export function expectNotEmptyState(reply: Reply): void {
  ok(reply.status !== 404 && reply.status !== 204, `status ${reply.status} reads as "no state"`);
  ok(reply.status !== 200 || reply.text !== "", 'an empty 200 reads as "no state"');
}

export function expectNoState(reply: Reply): void {
  expectStatus(reply, 204, 404);
}

export function expectState(reply: Reply, body: string): void {
  expectStatus(reply, 200);
  deepEqual(reply.text, body);
}

/** An error that says what happened and what to do. */
export function expectProblem(reply: Reply, ...allowed: number[]): Record<string, unknown> {
  expectStatus(reply, ...allowed);
  const problem = json(reply);
  for (const field of ["error", "message", "fix"]) {
    ok(
      typeof problem[field] === "string" && problem[field] !== "",
      `no "${field}" in ${reply.text.slice(0, 300)}`,
    );
  }
  return problem;
}

/** 423 (or 409) with the holder where the clients look for it. */
export function expectHeldBy(reply: Reply, holder: { readonly ID: string; readonly Who?: string }): void {
  const problem = expectProblem(reply, 423, 409);
  deepEqual({ ID: problem.ID, Who: problem.Who }, { ID: holder.ID, Who: holder.Who });
}

/** GET of the lock while nobody holds it: no LockInfo, whatever the status. */
export function expectUnlocked(reply: Reply): void {
  expectStatus(reply, 200, 204, 404);
  ok(reply.status !== 200 || json(reply).ID === undefined, `held: ${reply.text.slice(0, 300)}`);
}

export function json(reply: Reply): Record<string, unknown> {
  return JSON.parse(reply.text) as Record<string, unknown>;
}

export function jsonList(reply: Reply): Record<string, unknown>[] {
  expectStatus(reply, 200);
  return JSON.parse(reply.text) as Record<string, unknown>[];
}
