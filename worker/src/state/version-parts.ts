import { Refusal } from "../errors/refusal";
import type { CurrentObject } from "./current-object";
import type { Locks } from "./locks";
import type { Overrides } from "./overrides";
import type { StateContext } from "./state-context";

/** What everything that changes the current version needs, beside the state itself. */
export interface VersionParts {
  readonly locks: Locks;
  readonly current: CurrentObject;
  readonly overrides: Overrides;
  /** The whole deployment refuses plaintext. */
  readonly isEncryptionRequired: boolean;
}

/**
 * Updates the copy for S3 clients after a commit. The commit stands whatever happens here, so a fault is left to the
 * next request.
 * @param bytes the current version's bytes, where the caller still has them
 * @throws Refusal where an S3 client wrote meanwhile: both are kept, and a person has to choose
 */
export async function showCurrent(
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
