import { z } from "zod";
import type { StateRef } from "../../../domain/state-objects";
import { headers, maxStateBytes } from "../../../domain/worker-api";
import { Refusal, unwrap } from "../errors/refusal";
import { settings } from "../settings";
import type { VersionRecord } from "../state/ledger/records";
import { GuessedRead } from "../state/reads";
import { fetchVersion } from "../state/version-objects";
import { type AppContext, callerOf, stateOf } from "./context";
import { type Routes, text } from "./route";
import { LockInfo, LockState, Version, WriterQuery } from "./schemas";

/** A body up to this size goes to the Durable Object in one message. */
const maxMessageBytes = 1024 * 1024;

/** The routes that Terraform and OpenTofu use. */
export function stateRoutes(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/states/{name}",
      scope: "read",
      reach: "state",
      summary: "The current state; 204 where there is none",
    },
    async ({ context, ref }) => {
      const state = stateOf(context.env, ref);
      const { BUCKET } = context.env;
      const guess = settings(context.env).servesS3Clients ? new GuessedRead(BUCKET, ref) : null;
      const read = async (again: boolean) => {
        const stored = unwrap(await state.read(ref, again));
        if (stored === null) return null;
        const guessed = stored.body ? null : await guess?.take(stored);
        return { version: stored.version, object: guessed ?? (await fetchVersion(BUCKET, stored)) };
      };
      let found = await read(false).finally(() => {
        // What was not needed is not waited for.
        if (guess) context.executionCtx.waitUntil(guess.drop());
      });
      // A write came in between, or an S3 client wrote. Now the Durable Object asks R2 first, and names an object that never changes.
      if (found?.object instanceof Refusal) found = await read(true);
      if (found === null) return new Response(null, { status: 204 });
      if (found.object instanceof Refusal) throw found.object;
      return stateResponse(found.version, found.object);
    },
  );

  routes.add(
    {
      method: "post",
      path: "/states/{name}",
      scope: "write",
      reach: "state",
      summary: "Stores a new version; under a lock, ID is the lock's",
      query: WriterQuery,
      answer: Version,
    },
    async ({ context, ref, query }) => {
      const { req } = context;
      const body = req.raw.body;
      const length = announcedLength(req.header("content-length"));
      if (body === null || length === 0) throw new Refusal({ code: "not_a_state", reason: "it is empty" });
      const request = {
        lockId: query.ID || null,
        contentMd5: req.header("content-md5") ?? null,
        length,
        override: req.header(headers.override) ?? null,
      };
      const state = stateOf(context.env, ref);
      // One message is cheaper than a stream. Without a lock, the Durable Object has to know when the body began to come.
      const isMessage = request.lockId !== null && length <= maxMessageBytes;
      const sent = isMessage ? new Uint8Array(await req.raw.arrayBuffer()) : body;
      return Response.json(unwrap(await state.write(ref, callerOf(context), request, sent)));
    },
  );

  routes.add(
    {
      method: "delete",
      path: "/states/{name}",
      scope: "write",
      reach: "state",
      summary: "Removes the state; its versions stay and can be restored",
      query: WriterQuery,
    },
    async ({ context, ref, query }) => {
      unwrap(await stateOf(context.env, ref).remove(ref, callerOf(context), query.ID || null));
      return Response.json({ deleted: ref.name });
    },
  );

  const lock = async ({ context, ref }: { readonly context: AppContext; readonly ref: StateRef }) =>
    Response.json(unwrap(await stateOf(context.env, ref).lock(ref, callerOf(context), await text(context))));
  routes.add(
    {
      method: "put",
      webDav: "LOCK",
      path: "/states/{name}/lock",
      webDavAt: "/states/{name}",
      scope: "lock",
      reach: "state",
      summary: "Takes the lock; 423 with the holder's LockInfo where it is held",
      answer: LockInfo,
    },
    lock,
  );
  routes.add(
    {
      method: "post",
      path: "/states/{name}/lock",
      scope: "lock",
      reach: "state",
      summary: "Takes the lock, as GitLab's clients ask for it",
      answer: LockInfo,
    },
    lock,
  );
  routes.add(
    {
      method: "delete",
      webDav: "UNLOCK",
      path: "/states/{name}/lock",
      webDavAt: "/states/{name}",
      scope: "lock",
      reach: "state",
      summary: "Releases the lock; with an empty body or only an ID, breaks it",
      answer: z.object({ unlocked: z.string() }),
    },
    async ({ context, ref }) => {
      unwrap(await stateOf(context.env, ref).unlock(ref, callerOf(context), await text(context)));
      return Response.json({ unlocked: ref.name });
    },
  );

  routes.add(
    {
      method: "get",
      path: "/states/{name}/lock",
      scope: "read",
      reach: "state",
      summary: "Who holds the lock, a client or a freeze, if anyone does",
      answer: LockState,
    },
    async ({ context, ref }) => {
      const status = unwrap(await stateOf(context.env, ref).lockStatus(ref));
      // Never 204: where this address is configured as that of the state, it would read as "no state".
      if (status === null) return Response.json({ locked: false });
      const { info, by, principal, origin, since } = status;
      return Response.json({ locked: true, ...info, by, principal, origin, since });
    },
  );
}

/** The bytes of a version, with what is known of it in the headers. The length is announced, so an incomplete body is an error. */
export function stateResponse(
  version: VersionRecord,
  object: { readonly body?: ReadableStream | Uint8Array },
): Response {
  return new Response(object.body, {
    headers: {
      "cache-control": "no-store, no-transform",
      "content-type": "application/json",
      "content-length": String(version.size),
      etag: `"${version.sha256}"`,
      [headers.version]: version.id,
      [headers.serial]: String(version.serial ?? ""),
    },
  });
}

function announcedLength(header: string | undefined): number {
  if (header === undefined || !/^\d{1,12}$/.test(header)) throw new Refusal({ code: "length_required" });
  const length = Number(header);
  if (length <= maxStateBytes) return length;
  throw new Refusal({ code: "body_too_large", limit: maxStateBytes });
}
