import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import { objectMetadata } from "../domain/state-objects";
import { StateError } from "./errors";
import { REQUEST_TIMEOUT_MS, requestTimeout } from "./request-timeout";
import { sha256 } from "./snapshot";

export interface R2Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface R2ClientOptions {
  /** For one request with its retries; the time that a large body takes is added. @default 60_000 */
  readonly timeoutMs?: number;
}

export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** Metadata `version`, which the tfstate Worker sets on the states that it serves. */
  readonly workerVersion?: string;
  /** Metadata `written-by`, which the tfstate Worker sets on its lock files. */
  readonly writtenBy?: string;
}

export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  /** RFC 3339 */
  readonly modifiedAt: string;
}

/** What must be true for a put to happen: the object has this ETag, or does not exist. */
export type PutCondition = { readonly etag: string } | "absent";

interface Call {
  readonly method: "GET" | "PUT" | "DELETE";
  /** Empty for a request on the bucket itself. */
  readonly key: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** How often a request is sent in all, where its connection breaks. */
const ATTEMPTS = 3;
const RETRY_DELAY_MS = 200;
const NOT_R2 = "check that this is R2: state.account_id, AWS_ENDPOINT_URL_S3, and proxies in between";

/** The few calls of the S3 API that a state needs, on one bucket. */
export class R2Client {
  private readonly aws: AwsClient;
  /** Sends a request once: to repeat a delete could remove what somebody else has written since. */
  private readonly awsOnce: AwsClient;
  private readonly timeoutMs: number;

  constructor(
    private readonly endpoint: string,
    private readonly bucket: string,
    credentials: R2Credentials,
    { timeoutMs = REQUEST_TIMEOUT_MS }: R2ClientOptions = {},
  ) {
    this.timeoutMs = timeoutMs;
    // R2 takes one write a second on a key and answers 429 to more. The client retries that like any 5xx.
    const options = { ...credentials, service: "s3", region: "auto" };
    this.aws = new AwsClient({ ...options, retries: 6, initRetryMs: 100 });
    this.awsOnce = new AwsClient({ ...options, retries: 0 });
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const { status, headers, bytes } = await this.send({ method: "GET", key });
    if (status === 404) return undefined;
    const announced = headers.get("content-length");
    if (announced !== null && !headers.has("content-encoding") && Number(announced) !== bytes.byteLength) {
      throw new StateError(
        `${this.bucket}/${key} is incomplete: ${bytes.byteLength} of ${announced} bytes came`,
        "try again",
      );
    }
    const workerVersion = headers.get(`x-amz-meta-${objectMetadata.version}`) ?? undefined;
    const writtenBy = headers.get(`x-amz-meta-${objectMetadata.writtenBy}`) ?? undefined;
    return { bytes, etag: headers.get("etag") ?? "", workerVersion, writtenBy };
  }

  /** @returns false where the condition does not hold: nothing was written */
  async put(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
    contentType = "application/json",
  ): Promise<boolean> {
    const headers = {
      "content-type": contentType,
      "content-md5": createHash("md5").update(body).digest("base64"),
      "x-amz-content-sha256": sha256(body),
      ...(condition === "absent" ? { "if-none-match": "*" } : { "if-match": condition.etag }),
    };
    const { status } = await this.send({ method: "PUT", key, headers, body });
    return status < 300;
  }

  async delete(key: string): Promise<void> {
    await this.send({ method: "DELETE", key });
  }

  async list(prefix: string): Promise<readonly ListedObject[]> {
    const found: ListedObject[] = [];
    for (let token = ""; ; ) {
      const query = new URLSearchParams({
        "list-type": "2",
        prefix,
        ...(token && { "continuation-token": token }),
      });
      const { bytes } = await this.send({ method: "GET", key: "", query: `?${query}` });
      const listing = Buffer.from(bytes).toString();
      if (!listing.includes("<ListBucketResult")) {
        throw new StateError(`${this.endpoint} answers with no list of ${this.bucket}/${prefix}`, NOT_R2);
      }
      // Loaded only where there is a listing: it is a twentieth of the start of each command.
      const { DOMParser } = require("@xmldom/xmldom") as typeof import("@xmldom/xmldom");
      const page = new DOMParser().parseFromString(listing, "text/xml");
      for (const element of page.getElementsByTagName("Contents")) {
        const text = (name: string) => element.getElementsByTagName(name)[0]?.textContent ?? "";
        found.push({
          key: text("Key"),
          etag: text("ETag"),
          size: Number(text("Size")),
          modifiedAt: text("LastModified"),
        });
      }
      token = page.getElementsByTagName("NextContinuationToken")[0]?.textContent ?? "";
      if (!token) return found;
    }
  }

  /** Throws where the answer is an error. A missing key and a condition that does not hold are not errors. */
  private async send(call: Call): Promise<Answer> {
    const { method, key } = call;
    const answer = await this.reach(call);
    const { status, bytes } = answer;
    if (status < 300) return answer;
    const code = /<Code>([^<]+)</.exec(Buffer.from(bytes).toString())?.[1] ?? "no reason given";
    // Of two conditional puts at the same time, R2 answers 409 to one: its condition does not hold any more.
    const isConditional = status === 412 || (status === 409 && code === "ConditionalRequestConflict");
    if (method === "PUT" && isConditional) return answer;
    // Only this code says that there is no state. Any other 404 comes from a server that is not this R2.
    if (status === 404 && code === "NoSuchKey" && key) return answer;
    if (code === "NoSuchBucket") {
      throw new StateError(
        `r2 ${this.endpoint} has no bucket ${this.bucket}`,
        "check state.bucket, the account and the jurisdiction",
      );
    }
    throw new StateError(`${this.name(call)}: ${this.endpoint} answers ${status} (${code})`, fixOf(status));
  }

  private async reach(call: Call): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const ms = requestTimeout(this.timeoutMs, call.body);
      const signal = AbortSignal.timeout(ms);
      try {
        const answer = await this.fetch(call, signal);
        // R2 takes one write a second on a key, and has deleted nothing.
        if (answer.status !== 429 || call.method !== "DELETE" || attempt === ATTEMPTS) return answer;
        await wait(1000);
      } catch (error) {
        const what = `${this.name(call)}: ${this.endpoint} does not answer`;
        const fix = "check the network and the endpoint";
        if (signal.aborted) throw new StateError(`${what} within ${ms / 1000} s`, fix);
        if (attempt === ATTEMPTS || call.method === "DELETE") {
          const cause = error instanceof Error ? (error.cause ?? error) : error;
          throw new StateError(`${what} (${cause})`, fix);
        }
        await wait(RETRY_DELAY_MS);
      }
    }
  }

  private async fetch({ method, key, query, headers, body }: Call, signal: AbortSignal): Promise<Answer> {
    const path = [this.bucket, ...(key ? key.split("/") : [])].map(encodeURIComponent).join("/");
    const url = `${this.endpoint.replace(/\/+$/, "")}/${path}${query ?? ""}`;
    const aws = method === "DELETE" ? this.awsOnce : this.aws;
    const reply = await aws.fetch(url, { method, headers, body: body && Buffer.from(body), signal });
    return {
      status: reply.status,
      headers: reply.headers,
      bytes: new Uint8Array(await reply.arrayBuffer()),
    };
  }

  private name({ method, key }: Call): string {
    return `r2 ${method} ${this.bucket}/${key}`;
  }
}

function fixOf(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, what they allow and until when";
    case 404:
      return NOT_R2;
    default:
      return "try again";
  }
}
