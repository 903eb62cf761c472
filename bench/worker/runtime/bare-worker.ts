/** What the tfstate Worker is measured against: the same routes on R2 alone, without checks, history or authentication. */
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

export { Unused as Directory, Unused as Passwords, Unused as StateObject };

/** Both Workers are started with the same bindings, so these classes must exist. */
class Unused implements DurableObject {
  fetch(): Response {
    return new Response(null, { status: 501 });
  }
}
