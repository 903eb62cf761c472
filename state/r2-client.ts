import { createHash } from "node:crypto";
import { DOMParser } from "@xmldom/xmldom";
import { AwsClient } from "aws4fetch";
import { StateError } from "./problem";
import { sha256 } from "./snapshot";

export interface R2Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** Metadata `version`: the tfstate Worker puts it on the objects that it serves. */
  readonly workerVersion?: string;
}

export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  /** RFC 3339 */
  readonly modifiedAt: string;
}

/** A put happens only where this holds. */
export type PutCondition = { readonly etag: string } | "absent";

/** The few calls of the S3 API that a state needs, on one bucket. */
export class R2Client {
  private readonly aws: AwsClient;

  constructor(
    private readonly endpoint: string,
    private readonly bucket: string,
    credentials: R2Credentials,
  ) {
    // R2 takes one write per second and key and answers 429 to more, which is tried again like any 5xx.
    this.aws = new AwsClient({ ...credentials, service: "s3", region: "auto", retries: 6, initRetryMs: 100 });
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const reply = await this.send("GET", key);
    if (reply.status === 404) return this.requireBucket(reply);
    const bytes = new Uint8Array(await reply.arrayBuffer());
    const announced = reply.headers.get("content-length");
    if (
      announced !== null &&
      !reply.headers.has("content-encoding") &&
      Number(announced) !== bytes.byteLength
    ) {
      throw new StateError(
        `${this.bucket}/${key} came with ${bytes.byteLength} of ${announced} bytes`,
        "try again",
      );
    }
    const workerVersion = reply.headers.get("x-amz-meta-version") ?? undefined;
    return { bytes, etag: reply.headers.get("etag") ?? "", workerVersion };
  }

  /** @returns false where the condition does not hold */
  async put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<boolean> {
    const headers = {
      "content-type": "application/json",
      "content-md5": createHash("md5").update(bytes).digest("base64"),
      "x-amz-content-sha256": sha256(bytes),
      ...(condition === "absent" ? { "if-none-match": "*" } : { "if-match": condition.etag }),
    };
    const reply = await this.send("PUT", key, { headers, body: bytes });
    if (reply.status === 404) await this.requireBucket(reply);
    return reply.ok;
  }

  async delete(key: string): Promise<void> {
    const reply = await this.send("DELETE", key);
    if (reply.status === 404) await this.requireBucket(reply);
  }

  async list(prefix: string): Promise<readonly ListedObject[]> {
    const found: ListedObject[] = [];
    for (let token = ""; ; ) {
      const query = new URLSearchParams({
        "list-type": "2",
        prefix,
        ...(token && { "continuation-token": token }),
      });
      const reply = await this.send("GET", "", {}, `?${query}`);
      if (reply.status === 404) await this.requireBucket(reply);
      const page = new DOMParser().parseFromString(await reply.text(), "text/xml");
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

  /** Answers that are a fault are thrown; 404 and a condition that does not hold are for the caller. */
  private async send(
    method: string,
    key: string,
    init: { headers?: Record<string, string>; body?: Uint8Array } = {},
    query = "",
  ): Promise<Response> {
    const path = [this.bucket, ...(key ? key.split("/") : [])].map(encodeURIComponent).join("/");
    const url = `${this.endpoint.replace(/\/+$/, "")}/${path}${query}`;
    const what = `r2 ${method} ${this.bucket}/${key}`;
    let reply: Response;
    try {
      reply = await this.aws.fetch(url, {
        method,
        headers: init.headers,
        body: init.body && Buffer.from(init.body),
      });
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new StateError(
        `${what}: ${this.endpoint} does not answer (${cause})`,
        "check the network and the endpoint",
      );
    }
    if (reply.ok || reply.status === 404 || reply.status === 412) return reply;
    const said = await reply.text();
    const code = /<Code>([^<]+)</.exec(said)?.[1] ?? "no reason given";
    // Two conditional puts at once: one of them is told this, and its condition does not hold any more.
    if (reply.status === 409 && code === "ConditionalRequestConflict") return reply;
    const fix =
      reply.status === 401 || reply.status === 403
        ? "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, what they allow and until when"
        : "try again";
    throw new StateError(`${what} answers ${reply.status} (${code})`, fix);
  }

  /** "No such key" means that there is no state; "no such bucket" does not. */
  private async requireBucket(reply: Response): Promise<undefined> {
    if ((await reply.text()).includes("NoSuchBucket")) {
      throw new StateError(
        `r2 ${this.endpoint} has no bucket ${this.bucket}`,
        "check state.bucket, the account and the jurisdiction",
      );
    }
    return undefined;
  }
}
