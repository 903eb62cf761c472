import { Refusal } from "../errors/refusal";
import type { CurrentObject } from "./current-object";
import type { Locks } from "./locks";
import type { Overrides } from "./overrides";
import type { StateContext } from "./state-context";

/** What changes the current version (a write, a restore, a delete) works with. */
export interface VersionParts {
  readonly locks: Locks;
  readonly current: CurrentObject;
  readonly overrides: Overrides;
  /** The whole deployment refuses plaintext. */
  readonly isEncryptionRequired: boolean;
}

/**
 * Updates the projection after a commit. A fault changes nothing of the commit, and is left to the next request to repair.
 * @param bytes the current version's bytes, where the caller still has them
 * @throws Refusal where an S3 client wrote meanwhile: both are kept, and a person has to choose
 */
export async function projectAfterCommit(
  { ref }: StateContext,
  current: CurrentObject,
  bytes: Uint8Array | null = null,
): Promise<void> {
  try {
    await current.project(bytes);
    if (!current.upToDate) await current.reconcile();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    console.warn(JSON.stringify({ level: "warn", event: "projection_failed", ...ref, error: String(error) }));
  }
}
