/**
 * An R2 binding that enforces the lock rules of its bucket, which Miniflare's own bindings do not know. Cloudflare
 * enforces them on bindings as well as on the S3 API: a Worker that deletes too early fails here as it would there.
 */
export default function lockedBinding({ bucket, rules }) {
  const assertUnlocked = async (operation, key) => {
    const concerned = rules.filter(({ prefix = "" }) => key.startsWith(prefix));
    const object = concerned.length > 0 ? await bucket.head(key) : null;
    if (object && concerned.some(({ condition }) => isLocked(object.uploaded, condition))) {
      throw new Error(`${operation}: The object is locked by the bucket policy. (10069)`);
    }
  };
  const upload = (started) => ({
    key: started.key,
    uploadId: started.uploadId,
    uploadPart: (...part) => started.uploadPart(...part),
    abort: () => started.abort(),
    async complete(parts) {
      await assertUnlocked("completeMultipartUpload", started.key);
      return started.complete(parts);
    },
  });
  return {
    head: (...args) => bucket.head(...args),
    get: (...args) => bucket.get(...args),
    list: (...args) => bucket.list(...args),
    createMultipartUpload: async (...args) => upload(await bucket.createMultipartUpload(...args)),
    resumeMultipartUpload: (...args) => upload(bucket.resumeMultipartUpload(...args)),
    async put(key, ...rest) {
      await assertUnlocked("put", key);
      return bucket.put(key, ...rest);
    },
    async delete(keys) {
      for (const key of [keys].flat()) await assertUnlocked("delete", key);
      return bucket.delete(keys);
    },
  };
}

function isLocked(uploaded, condition) {
  switch (condition.type) {
    case "Age":
      return Date.now() < uploaded.getTime() + condition.maxAgeSeconds * 1000;
    case "Date":
      return Date.now() < Date.parse(condition.date);
    default:
      return true;
  }
}
