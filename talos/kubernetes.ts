import { type RequestOptions, request } from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { CallError, TalosError } from "./errors";
import { type KubernetesCredentials, kubernetesCredentials } from "./kubeconfig";

export interface KubernetesProps {
  /** Text of a kubeconfig that Talos made. */
  readonly kubeconfig: string;
  /** The variables that say where the API is reached. */
  readonly env: KubernetesEnvironment;
  /** Stops what runs. */
  readonly signal: AbortSignal;
  /** How long a call may take that does not say it itself. @default 30_000 */
  readonly timeoutMs?: number;
}

export interface KubernetesEnvironment {
  /** Host and port of the Kubernetes API where it is reached through a tunnel. Its certificate is that of the kubeconfig's server. */
  readonly KUBERNETES_API_ENDPOINT?: string;
}

export interface KubernetesCall {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** Is sent as JSON; a PATCH is a strategic merge patch. */
  readonly body?: object;
  /** @default - that of {@link KubernetesProps} */
  readonly timeoutMs?: number;
  /** Whether it is made all the same once the signal has stopped everything else, to leave things in order. @default false */
  readonly afterStop?: boolean;
}

const TIMEOUT_MS = 30_000;

/** The API of Kubernetes, with the client certificate of a kubeconfig. Paths and objects are those of its reference. */
export class KubernetesApi {
  private readonly credentials: KubernetesCredentials;
  private readonly signal: AbortSignal;
  private readonly base: URL;
  private readonly timeoutMs: number;

  /** @throws TalosError if the kubeconfig or the environment cannot be used */
  constructor({ kubeconfig, env, signal, timeoutMs = TIMEOUT_MS }: KubernetesProps) {
    this.credentials = kubernetesCredentials(kubeconfig);
    this.signal = signal;
    this.timeoutMs = timeoutMs;
    this.base = baseUrl(env.KUBERNETES_API_ENDPOINT || undefined, this.credentials.server);
  }

  /** Host and port. */
  get endpoint(): string {
    return this.base.host;
  }

  /** @param path such as `/api/v1/nodes` @throws CallError, with the HTTP status where there is an answer */
  async call(
    path: string,
    { method = "GET", body, timeoutMs = this.timeoutMs, afterStop = false }: KubernetesCall = {},
  ): Promise<unknown> {
    const stop = afterStop ? undefined : this.signal;
    const text = await this.send(path, method, body, { timeoutMs, stop });
    return text === "" ? undefined : JSON.parse(text);
  }

  /** As {@link call}. @returns undefined if there is no such object */
  async find(path: string, options?: KubernetesCall): Promise<unknown> {
    try {
      return await this.call(path, options);
    } catch (error) {
      if (error instanceof CallError && error.code === "404") return undefined;
      throw error;
    }
  }

  private send(
    path: string,
    method: string,
    body: object | undefined,
    { timeoutMs, stop }: { readonly timeoutMs: number; readonly stop: AbortSignal | undefined },
  ): Promise<string> {
    const { ca, certificate, key, server } = this.credentials;
    const payload = body && JSON.stringify(body);
    const type = method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
    const timeout = AbortSignal.timeout(timeoutMs);
    return new Promise((resolve, reject) => {
      const fail = (said: string, code?: string) =>
        reject(new CallError(`Kubernetes (${this.endpoint})`, `${method} ${path}`, said, code));
      const call = request(new URL(path, this.base), {
        method,
        ca,
        cert: certificate,
        key,
        ...identityOf(server),
        headers: { accept: "application/json", ...(payload && { "content-type": type }) },
        signal: AbortSignal.any(stop ? [stop, timeout] : [timeout]),
      });
      call.on("error", (error: Error) => {
        if (stop?.aborted) reject(stop.reason);
        else fail(timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : error.message);
      });
      call.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", (error) => fail(error.message));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) resolve(text);
          else fail(messageIn(text) ?? `HTTP ${statusCode}`, String(statusCode));
        });
      });
      call.end(payload);
    });
  }
}

function baseUrl(endpoint: string | undefined, server: string): URL {
  if (endpoint === undefined) return new URL(server);
  if (/^[A-Za-z0-9.:[\]-]+:\d+$/.test(endpoint)) return new URL(`https://${endpoint}`);
  throw new TalosError(
    `environment: KUBERNETES_API_ENDPOINT ${endpoint} is no host with a port; write it like 127.0.0.1:6443`,
  );
}

/** Whoever answers must be the server of the kubeconfig, wherever it is reached. */
function identityOf(server: string): Pick<RequestOptions, "servername" | "checkServerIdentity"> {
  const host = new URL(server).hostname.replace(/^\[|\]$/g, "");
  return {
    // TLS sends no address as a name.
    servername: isIP(host) ? "" : host,
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
  };
}

/** The message of a `Status`. */
function messageIn(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}
