import type { Bucket, LockRule } from "../model";
import { S3Error } from "../s3/errors";
import type { Bucket as Objects, Refusal, StoredObject } from "../s3/storage/bucket";
import { rulesInForce } from "./bindings";

/** The objects of a bucket with its lock rules: a locked object can be neither overwritten nor deleted. */
export function lockedObjects(objects: Objects, bucket: Bucket, now?: number): Objects {
  const inForce = rulesInForce(bucket);
  if (inForce.length === 0) return objects;
  const refusalOf = async (key: string): Promise<Refusal | undefined> => {
    const concerned = inForce.filter(({ prefix = "" }) => key.startsWith(prefix));
    const object = concerned.length > 0 ? await objects.head(key) : undefined;
    if (!object || !concerned.some(({ condition }) => isLocked(object, condition, now))) return undefined;
    const message = "The object is locked by the bucket policy.";
    return { key, error: new S3Error(409, "ObjectLockedByBucketPolicy", message) };
  };
  const assertUnlocked = async (key: string): Promise<void> => {
    const refusal = await refusalOf(key);
    if (refusal) throw refusal.error;
  };
  return {
    head: (key) => objects.head(key),
    get: (key, options) => objects.get(key, options),
    list: (options) => objects.list(options),
    createUpload: (key, metadata) => objects.createUpload(key, metadata),
    putPart: (...part) => objects.putPart(...part),
    abortUpload: (key, uploadId) => objects.abortUpload(key, uploadId),
    async put(key, content, options) {
      await assertUnlocked(key);
      return objects.put(key, content, options);
    },
    async completeUpload(key, uploadId, parts) {
      await assertUnlocked(key);
      return objects.completeUpload(key, uploadId, parts);
    },
    async delete(keys) {
      const refusals: Refusal[] = [];
      const free: string[] = [];
      for (const key of keys) {
        const refusal = await refusalOf(key);
        if (refusal) refusals.push(refusal);
        else free.push(key);
      }
      if (free.length > 0) refusals.push(...(await objects.delete(free)));
      return refusals;
    },
  };
}

function isLocked({ uploaded }: StoredObject, condition: LockRule["condition"], now = Date.now()): boolean {
  switch (condition.type) {
    case "Indefinite":
      return true;
    case "Date":
      return now < Date.parse(condition.date);
    case "Age":
      return now < Date.parse(uploaded) + condition.maxAgeSeconds * 1000;
  }
}
