import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CloudflareStandIn, startCloudflare } from "../../../local/cloudflare";
import { R2Client } from "../../../state/r2-client";
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
      // Deriving the key is most of the time that a command of OpenTofu takes: the fewest rounds that it lets one have.
      TF_ENCRYPTION: 'key_provider "pbkdf2" "main" {\n  iterations = 200000\n}',
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

  /** The objects of a bucket, with the rights of the account's own token. */
  async objects(bucket: string): Promise<R2Client> {
    const { id } = await this.result<{ id: string }>("/tokens/verify");
    return new R2Client(this.cloudflare.s3Url, bucket, {
      accessKeyId: id,
      secretAccessKey: createHash("sha256").update(this.cloudflare.apiToken).digest("hex"),
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
