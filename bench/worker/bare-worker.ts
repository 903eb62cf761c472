/** What the Worker is measured against: the same routes on R2 alone, with no check, no history and no owner. */
interface Env {
  readonly BUCKET: R2Bucket;
}

export default {
  async fetch(request, { BUCKET }) {
    const key = new URL(request.url).pathname;
    switch (request.method) {
      case "GET": {
        const object = await BUCKET.get(key);
        return object ? new Response(object.body) : new Response(null, { status: 204 });
      }
      case "POST":
        await BUCKET.put(key, request.body);
        return new Response("{}");
      case "LOCK":
        await BUCKET.put(key, request.body, { onlyIf: { etagDoesNotMatch: "*" } });
        return new Response("{}");
      default:
        await BUCKET.delete(key);
        return new Response("{}");
    }
  },
} satisfies ExportedHandler<Env>;

export { Unused as Directory, Unused as StateObject };

/** The runtime is started with the same bindings for both. */
class Unused implements DurableObject {
  fetch(): Response {
    return new Response(null, { status: 501 });
  }
}
