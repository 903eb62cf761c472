import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CloudflareStandIn, startCloudflare } from "../../../../stand-ins/cloudflare";

export interface Answer {
  readonly status: number;
  /** The number of the first error, 0 where there is none. */
  readonly code: number;
  readonly message: string;
  // Whatever the endpoint answers: tests compare it whole or in parts.
  readonly result: Record<string, unknown>;
}

type Body = object | FormData;

/** A client of the API with one token. */
export class Api {
  constructor(
    private readonly cloudflare: Pick<CloudflareStandIn, "apiUrl" | "accountId" | "apiToken">,
    private readonly token = cloudflare.apiToken,
  ) {}

  get = (path: string, headers?: Record<string, string>) => this.call("GET", path, undefined, headers);
  put = (path: string, body: Body, headers?: Record<string, string>) => this.call("PUT", path, body, headers);
  post = (path: string, body: Body, headers?: Record<string, string>) =>
    this.call("POST", path, body, headers);
  patch = (path: string, headers: Record<string, string>) => this.call("PATCH", path, undefined, headers);
  delete = (path: string, headers?: Record<string, string>) => this.call("DELETE", path, undefined, headers);

  /** Uploads a script as the provider does: the module first, then the metadata. */
  upload = (script: string, code: string, metadata: object = {}): Promise<Answer> => {
    const form = new FormData();
    const type = "application/javascript+module";
    form.append("index.mjs", new File([code], "index.mjs", { type }));
    const settings = { main_module: "index.mjs", compatibility_date: "2026-04-01", ...metadata };
    form.append("metadata", new Blob([JSON.stringify(settings)], { type: "application/json" }));
    return this.put(`workers/scripts/${script}`, form);
  };

  /** @param path within the account, or from the root of the API with a slash */
  async raw(method: string, path: string, body?: Body, headers: Record<string, string> = {}) {
    const { apiUrl, accountId } = this.cloudflare;
    return fetch(`${apiUrl}${path.startsWith("/") ? path : `/accounts/${accountId}/${path}`}`, {
      method,
      headers: { ...(this.token && { authorization: `Bearer ${this.token}` }), ...headers },
      body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
    });
  }

  private async call(method: string, path: string, body?: Body, headers?: Record<string, string>) {
    const response = await this.raw(method, path, body, headers);
    const text = await response.text();
    const { result, errors = [] } = text ? JSON.parse(text) : { result: null };
    const [{ code = 0, message = "" } = {}] = errors;
    return { status: response.status, code, message, result } as Answer;
  }
}

/** Stand-ins of one test file, each with a folder that is gone at the end. */
export class StandIns {
  private readonly running = new Set<CloudflareStandIn>();
  private readonly folders: string[] = [];

  newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "cloudflare-test-"));
    this.folders.push(folder);
    return folder;
  }

  async start(options: Partial<Parameters<typeof startCloudflare>[0]> = {}): Promise<CloudflareStandIn> {
    const cloudflare = await startCloudflare({ folder: this.newFolder(), ...options });
    this.running.add(cloudflare);
    return cloudflare;
  }

  async stop(cloudflare: CloudflareStandIn): Promise<void> {
    this.running.delete(cloudflare);
    await cloudflare.close();
  }

  async end(): Promise<void> {
    for (const cloudflare of this.running) await this.stop(cloudflare);
    for (const folder of this.folders) rmSync(folder, { recursive: true, force: true });
  }
}
