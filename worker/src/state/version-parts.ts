import type { CurrentObject } from "./current-object";
import type { Locks } from "./locks";
import type { Overrides } from "./overrides";
import type { VersionObjects } from "./version-objects";

/** What changes the current version (a write, a restore, a delete) works with. */
export interface VersionParts {
  readonly locks: Locks;
  readonly current: CurrentObject;
  readonly objects: VersionObjects;
  readonly overrides: Overrides;
  /** The whole deployment refuses plaintext. */
  readonly isEncryptionRequired: boolean;
}
