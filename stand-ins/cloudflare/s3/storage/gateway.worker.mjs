/**
 * R2 bindings over HTTP. The bindings that Miniflare offers to Node make a blocking call for each property of an object
 * and cannot stream a put. Inside a Worker they are the real ones.
 */
export default {
  async fetch(request, env) {
    if (request.headers.get("x-gateway-secret") !== env.GATEWAY_SECRET)
      return new Response(null, { status: 404 });
    const { bucket, operation, ...call } = JSON.parse(
      decodeURIComponent(request.headers.get("x-gateway-call")),
    );
    try {
      return await OPERATIONS[operation](env[bucket], call, request.body);
    } catch (error) {
      return Response.json({ message: error.message }, { status: 500 });
    }
  },
};

const OPERATIONS = {
  head: async (bucket, { key }) => Response.json(await bucket.head(key)),

  async get(bucket, { key, conditions, range, withoutBody }) {
    const object = await bucket.get(key, { onlyIf: new Headers(conditions), range });
    const body = object?.body;
    const head = new TextEncoder().encode(`${JSON.stringify({ object, holds: Boolean(body) })}\n`);
    if (withoutBody) await body?.cancel();
    if (!body || withoutBody) return new Response(head);
    const { readable, writable } = new IdentityTransformStream();
    sendAfter(head, body, writable).catch(() => {}); // The reader has gone.
    return new Response(readable);
  },

  async put(bucket, { key, length, asUpload, conditions, checksum, httpMetadata, customMetadata }, body) {
    const metadata = { httpMetadata: revive(httpMetadata), customMetadata };
    const content = ofLength(length, body);
    if (!asUpload) {
      const options = { ...metadata, ...checksum, onlyIf: new Headers(conditions) };
      return Response.json(await bucket.put(key, content, options));
    }
    const upload = await bucket.createMultipartUpload(key, metadata);
    return Response.json(await upload.complete([await upload.uploadPart(1, content)]));
  },

  async delete(bucket, { keys }) {
    await bucket.delete(keys);
    return Response.json(null);
  },

  list: async (bucket, { options }) => Response.json(await bucket.list(options)),

  async createUpload(bucket, { key, httpMetadata, customMetadata }) {
    const upload = await bucket.createMultipartUpload(key, {
      httpMetadata: revive(httpMetadata),
      customMetadata,
    });
    return Response.json(upload.uploadId);
  },

  async putPart(bucket, { key, uploadId, partNumber, length }, body) {
    const part = await bucket
      .resumeMultipartUpload(key, uploadId)
      .uploadPart(partNumber, ofLength(length, body));
    return Response.json(part.etag);
  },

  completeUpload: async (bucket, { key, uploadId, parts }) =>
    Response.json(await bucket.resumeMultipartUpload(key, uploadId).complete(parts)),

  async abortUpload(bucket, { key, uploadId }) {
    await bucket.resumeMultipartUpload(key, uploadId).abort();
    return Response.json(null);
  },
};

/** The body of a put. Fewer bytes than `length` are an error, so an incomplete body never becomes an object. */
function ofLength(length, body) {
  if (length === 0 || !body) return "";
  const { readable, writable } = new FixedLengthStream(length);
  body.pipeTo(writable).catch(() => {}); // The put fails with the same error.
  return readable;
}

async function sendAfter(head, body, writable) {
  const writer = writable.getWriter();
  await writer.write(head);
  writer.releaseLock();
  await body.pipeTo(writable);
}

const revive = ({ cacheExpiry, ...httpMetadata }) => ({
  ...httpMetadata,
  ...(cacheExpiry && { cacheExpiry: new Date(cacheExpiry) }),
});
