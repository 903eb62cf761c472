import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CloudflareStandIn, startCloudflare } from "../../../stand-ins/cloudflare";
import { R2Client } from "../../../state/r2-client";
import { QUICK_KEY } from "../../support/quick-key";
import { Gateway } from "./gateway";

/** An account at Cloudflare, empty at first, with a way to its APIs and one to its Worker that can be disturbed. */
export class TestAccount {
  private constructor(
    private readonly folder: string,
    readonly cloudflare: CloudflareStandIn,
    /** To Cloudflare's API and to the S3 API. */
    readonly api: Gateway,
    readonly worker: Gateway,
  ) {}

  static async start(): Promise<TestAccount> {
    const folder = mkdtempSync(join(tmpdir(), "account-"));
    const cloudflare = await startCloudflare({ folder });
    const api = await Gateway.to(cloudflare.s3Url);
    return new TestAccount(folder, cloudflare, api, await Gateway.to(cloudflare.workerUrl("tfstate")));
  }

  get env(): Readonly<Record<string, string>> {
    return {
      ...this.cloudflare.env,
      CLOUDFLARE_BASE_URL: `${this.api.url}/client/v4`,
      AWS_ENDPOINT_URL_S3: this.api.url,
      STATE_URL: `${this.worker.url}/states/proxmox`,
      TF_ENCRYPTION: QUICK_KEY,
    };
  }

  /** What a bootstrap makes, as Cloudflare lists it. */
  async inventory() {
    const [{ buckets }, tokens, scripts] = [
      await this.result<{ buckets: { name: string }[] }>("/r2/buckets"),
      await this.result<{ id: string; name: string }[]>("/tokens"),
      await this.result<{ id: string }[]>("/workers/scripts"),
    ];
    return {
      buckets: buckets.map(({ name }) => name).sort(),
      tokens: tokens.filter(({ name }) => name === "tfstate").map(({ id }) => id),
      scripts: scripts.map(({ id }) => id),
    };
  }

  async call(method: string, path: string, body?: object): Promise<{ status: number; result: unknown }> {
    const { apiUrl, accountId, apiToken } = this.cloudflare;
    const response = await fetch(`${apiUrl}/accounts/${accountId}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiToken}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const { result } = (await response.json()) as { result: unknown };
    return { status: response.status, result };
  }

  /** The S3 key pair of the account's own token. */
  async keyPair(): Promise<{ readonly AWS_ACCESS_KEY_ID: string; readonly AWS_SECRET_ACCESS_KEY: string }> {
    const { id } = await this.result<{ id: string }>("/tokens/verify");
    const secret = createHash("sha256").update(this.cloudflare.apiToken).digest("hex");
    return { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret };
  }

  /** The objects of a bucket, with that key pair. */
  async objects(bucket: string): Promise<R2Client> {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = await this.keyPair();
    return new R2Client(this.cloudflare.s3Url, bucket, {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
    });
  }

  async stop(): Promise<void> {
    await Promise.all([this.api.close(), this.worker.close()]);
    await this.cloudflare.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async result<T>(path: string): Promise<T> {
    const { status, result } = await this.call("GET", path);
    if (status !== 200) throw new Error(`GET ${path} answers ${status}`);
    return result as T;
  }
}
