import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Miniflare, WorkerOptions } from "miniflare";
import { fromBindingError } from "../errors";
import {
  type Bucket,
  type Content,
  customBytes,
  type GetOptions,
  type Listing,
  type ListOptions,
  type Metadata,
  type Part,
  PUT_METADATA_BYTES,
  type PutOptions,
  type StoredObject,
} from "./bucket";

const WORKER_NAME = "r2-gateway";

/**
 * Gives Node access to the buckets of a Miniflare, by an additional Worker in it. The Worker streams bodies, and it
 * answers only requests with its secret.
 */
export class R2Gateway {
  private readonly secret = randomUUID();

  /** The Worker, for Miniflare's `workers`. @param bucketIds as in `r2Buckets` of the other Workers */
  worker(bucketIds: readonly string[]): WorkerOptions {
    return {
      name: WORKER_NAME,
      modules: [{ type: "ESModule", path: join(__dirname, "gateway.worker.mjs") }],
      modulesRoot: __dirname,
      compatibilityDate: "2025-11-01",
      bindings: { GATEWAY_SECRET: this.secret },
      r2Buckets: Object.fromEntries(bucketIds.map((id) => [id, id])),
    };
  }

  /** @param id one of those that {@link worker} was given */
  bucket(miniflare: Miniflare, id: string): Bucket {
    return new GatewayBucket(miniflare, id, this.secret);
  }
}

class GatewayBucket implements Bucket {
  constructor(
    private readonly miniflare: Miniflare,
    private readonly id: string,
    private readonly secret: string,
  ) {}

  head = (key: string) => this.ask<StoredObject | undefined>("head", { key });

  async get(key: string, options: GetOptions): ReturnType<Bucket["get"]> {
    const response = await this.call("get", { key, ...options });
    if (!response.body) throw new Error("the gateway's answer has no body");
    const { line, rest } = await firstLine(response.body);
    const { object, holds } = JSON.parse(line) as { object: StoredObject | null; holds: boolean };
    if (object && holds) return { object, body: rest };
    await rest.cancel();
    return object ? { object } : undefined;
  }

  put(key: string, { body, length }: Content, options: PutOptions): Promise<StoredObject | undefined> {
    const asUpload = customBytes(options.customMetadata) > PUT_METADATA_BYTES;
    return this.ask("put", { key, length, asUpload, ...options }, body);
  }

  async delete(keys: readonly string[]): Promise<readonly []> {
    await this.ask<void>("delete", { keys });
    return [];
  }

  list = (options: ListOptions) => this.ask<Listing>("list", { options });

  createUpload = (key: string, metadata: Metadata) => this.ask<string>("createUpload", { key, ...metadata });

  putPart = (key: string, uploadId: string, partNumber: number, { body, length }: Content) =>
    this.ask<string>("putPart", { key, uploadId, partNumber, length }, body);

  completeUpload = (key: string, uploadId: string, parts: readonly Part[]) =>
    this.ask<StoredObject>("completeUpload", { key, uploadId, parts });

  abortUpload = (key: string, uploadId: string) => this.ask<void>("abortUpload", { key, uploadId });

  private async ask<T>(operation: string, call: object, body?: ReadableStream<Uint8Array>): Promise<T> {
    const response = await this.call(operation, call, body);
    return ((await response.json()) ?? undefined) as T;
  }

  /** @throws S3Error for an error of the binding; an error of the body unchanged */
  private async call(operation: string, call: object, body?: ReadableStream<Uint8Array>): Promise<Response> {
    const bodyErrors: unknown[] = [];
    const sent = body && ReadableStream.from(untilError(body, (error) => bodyErrors.push(error)));
    const worker = await this.miniflare.getWorker(WORKER_NAME);
    const fetch = worker.fetch as unknown as (url: string, init: object) => Promise<Response>;
    const response = await fetch("http://r2-gateway/", {
      method: "POST",
      headers: {
        "x-gateway-secret": this.secret,
        "x-gateway-call": encodeURIComponent(JSON.stringify({ bucket: this.id, operation, ...call })),
      },
      ...(sent && { body: sent, duplex: "half" }),
    });
    if (bodyErrors.length > 0) throw bodyErrors[0];
    if (response.ok) return response;
    const { message } = (await response.json()) as { message: string };
    throw fromBindingError(message);
  }
}

/** Ends early where the body fails. The gateway refuses a body that is too short, and its connection stays usable. */
async function* untilError(
  body: ReadableStream<Uint8Array>,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    onError(error);
  }
}

/** The text up to the first line break, and the bytes after it. */
async function firstLine(
  stream: ReadableStream<Uint8Array>,
): Promise<{ readonly line: string; readonly rest: ReadableStream<Uint8Array> }> {
  const reader = stream.getReader();
  let head = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const { done, value } = await reader.read();
    if (done) throw new Error("the gateway's answer broke off");
    head = Buffer.concat([head, value]);
    end = head.indexOf("\n");
  }
  const line = head.subarray(0, end).toString("utf8");
  const first = head.subarray(end + 1);
  const rest = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (first.length > 0) controller.enqueue(first);
    },
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { line, rest };
}
