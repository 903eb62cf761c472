import { join } from "node:path";
import type { WorkerOptions } from "miniflare";
import { type AccountState, type Bucket, bucketKey, type LockRule, type Script } from "../model";

/** The configuration of buckets and bindings in a running workerd, which has to restart when this changes. */
export const bucketsInUse = (state: AccountState): string =>
  JSON.stringify([
    Object.values(state.buckets).map(({ storageId }) => storageId),
    Object.values(state.scripts).map((script) => r2Bindings(script, state)),
  ]);

/** The R2 bindings of a script. Those of a bucket with lock rules are wrapped in a Worker that enforces the rules. */
export function r2Bindings({ bindings }: Script, { buckets }: AccountState) {
  const r2Buckets: Record<string, string> = {};
  const wrappedBindings: NonNullable<WorkerOptions["wrappedBindings"]> = {};
  for (const binding of bindings) {
    if (binding.type !== "r2_bucket") continue;
    const { name, bucket_name, jurisdiction = "default" } = binding;
    const bucket = buckets[bucketKey({ jurisdiction, name: bucket_name })];
    const rules = bucket ? rulesInForce(bucket) : [];
    if (bucket && rules.length > 0) {
      wrappedBindings[name] = {
        scriptName: lockName(bucket),
        bindings: { rules: JSON.parse(JSON.stringify(rules)) },
      };
    } else {
      // The bucket was deleted in the meantime: the Worker continues to run with an empty one.
      r2Buckets[name] = bucket?.storageId ?? "deleted";
    }
  }
  return { r2Buckets, wrappedBindings };
}

/** The Workers that enforce lock rules, for Miniflare's `workers`. */
export const lockWorkers = ({ buckets }: AccountState): WorkerOptions[] =>
  Object.values(buckets)
    .filter((bucket) => rulesInForce(bucket).length > 0)
    .map((bucket) => ({
      name: lockName(bucket),
      modules: [{ type: "ESModule", path: join(__dirname, "locked-binding.worker.mjs") }],
      modulesRoot: __dirname,
      r2Buckets: { bucket: bucket.storageId },
    }));

export const rulesInForce = ({ lockRules }: Bucket): readonly LockRule[] =>
  lockRules.filter(({ enabled }) => enabled);

// The name of an uploaded script cannot have a dot.
const lockName = ({ storageId }: Bucket): string => `locked.${storageId}`;
