import type { Bucket, LifecycleRule } from "../model";
import type { Bucket as Objects, StoredObject } from "../s3/storage/bucket";
import { lockedObjects } from "./locked-objects";

/** R2 itself deletes expired objects within 24 hours. */
export const SWEEP_MS = 60 * 60 * 1000;

/**
 * Deletes the objects of a bucket that its lifecycle rules expire at `now`. Objects under a lock rule stay.
 * @see https://developers.cloudflare.com/r2/buckets/bucket-locks/
 */
export async function deleteExpired(bucket: Bucket, objects: Objects, now: number): Promise<void> {
  const unlocked = lockedObjects(objects, bucket, now);
  for (const { enabled, conditions, deleteObjectsTransition } of bucket.lifecycleRules) {
    if (!enabled || !deleteObjectsTransition) continue;
    const { condition } = deleteObjectsTransition;
    let cursor: string | undefined;
    do {
      const listing = await objects.list({
        prefix: conditions.prefix,
        limit: 1000,
        ...(cursor && { cursor }),
      });
      const expired = listing.objects.filter((object) => isExpired(object, condition, now));
      if (expired.length > 0) await unlocked.delete(expired.map(({ key }) => key));
      cursor = listing.cursor;
    } while (cursor);
  }
}

export const hasDeleteRules = ({ lifecycleRules }: Bucket): boolean =>
  lifecycleRules.some(({ enabled, deleteObjectsTransition }) => enabled && deleteObjectsTransition);

type Condition = NonNullable<LifecycleRule["deleteObjectsTransition"]>["condition"];

const isExpired = ({ uploaded }: StoredObject, condition: Condition, now: number): boolean =>
  condition.type === "Date"
    ? Date.parse(condition.date) <= now
    : Date.parse(uploaded) + condition.maxAge * 1000 <= now;
