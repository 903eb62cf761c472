import { Agent, request } from "undici";
import type { KeyPair } from "../talos/pki/issue";

/** An answer of the API that is an error. */
export class ApiStatus extends Error {
  override readonly name = "ApiStatus";

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** An event of a watch. */
export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/** A client of the Kubernetes API with a client certificate. */
export class KubernetesApi {
  private readonly agent: Agent;

  constructor(
    private readonly url: string,
    ca: string,
    { crt, key }: KeyPair,
  ) {
    // The answer to a watch lasts as long as the watch.
    this.agent = new Agent({ connect: { ca, cert: crt, key }, bodyTimeout: 0 });
  }

  async isReady(): Promise<boolean> {
    try {
      const { statusCode, body } = await request(`${this.url}/readyz`, { dispatcher: this.agent });
      await body.dump();
      return statusCode === 200;
    } catch {
      return false;
    }
  }

  /** @throws ApiStatus where the answer is an error */
  get = <T>(path: string): Promise<T> => this.call<T>("GET", path);
  post = <T>(path: string, body: object): Promise<T> => this.call<T>("POST", path, body);
  /** @param patch a JSON merge patch (RFC 7396) */
  patch = <T>(path: string, patch: object): Promise<T> => this.call<T>("PATCH", path, patch);
  delete = <T>(path: string, options: object): Promise<T> => this.call<T>("DELETE", path, options);

  /** @returns undefined where there is no such object */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof ApiStatus && error.code === 404) return undefined;
      throw error;
    }
  }

  /** All objects as they are, and each change after that, until the API ends the watch. */
  async *watch<T>(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const { body } = await request(`${this.url}${path}?watch=1`, { dispatcher: this.agent, signal });
    let rest = "";
    for await (const chunk of body.setEncoding("utf8")) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line) as WatchEvent<T>;
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async call<T>(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    content?: object,
  ): Promise<T> {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const { statusCode, body } = await request(`${this.url}${path}`, {
      method,
      dispatcher: this.agent,
      headers: { "content-type": type },
      body: content && JSON.stringify(content),
    });
    const answer = (await body.json()) as T & { readonly message?: string };
    if (statusCode >= 400) throw new ApiStatus(statusCode, `${method} ${path}: ${answer.message}`);
    return answer;
  }
}
