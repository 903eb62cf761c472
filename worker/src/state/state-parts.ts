import { Backup } from "./backup";
import { CurrentObject } from "./current-object";
import { Freezes } from "./freezes";
import { History } from "./history";
import { Locks } from "./locks";
import { Overrides } from "./overrides";
import { Pointer } from "./pointer";
import { Reads } from "./reads";
import { S3Lock } from "./s3-lock";
import type { StateContext } from "./state-context";
import { VersionObjects } from "./version-objects";
import { Writes } from "./writes";

/** What can be done with one state, by subject. */
export interface StateParts {
  readonly backup: Backup;
  readonly current: CurrentObject;
  readonly freezes: Freezes;
  readonly history: History;
  readonly locks: Locks;
  readonly objects: VersionObjects;
  readonly overrides: Overrides;
  readonly pointer: Pointer;
  readonly reads: Reads;
  readonly writes: Writes;
}

/** What the parts take from the deployment. */
export interface StatePartsProps {
  /** The deployment refuses plaintext everywhere. */
  readonly isEncryptionRequired: boolean;
  /** S3 clients may use the same objects. */
  readonly servesS3Clients: boolean;
  /** The second bucket. @default - none is bound */
  readonly backupBucket?: R2Bucket;
}

export function stateParts(
  context: StateContext,
  { isEncryptionRequired, servesS3Clients, backupBucket }: StatePartsProps,
): StateParts {
  const { bucket, key, ledger } = context;
  const freezes = new Freezes(ledger);
  const objects = new VersionObjects(context);
  const current = new CurrentObject(context, objects, { freezes, isEncryptionRequired, servesS3Clients });
  const history = new History(context);
  const locks = new Locks(context, { s3Lock: new S3Lock(bucket, key), current, freezes, servesS3Clients });
  const overrides = new Overrides(ledger);
  const versionParts = { locks, current, objects, overrides, isEncryptionRequired };
  return {
    backup: new Backup(context, backupBucket),
    current,
    freezes,
    history,
    locks,
    objects,
    overrides,
    pointer: new Pointer(context, versionParts, history),
    reads: new Reads(context, current, objects),
    writes: new Writes(context, versionParts),
  };
}
