import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { StateError } from "./errors";
import { REQUEST_TIMEOUT_MS } from "./request-timeout";

export interface CloudflareApiProps {
  readonly accountId: string;
  readonly token: string;
  /**
   * `…/client/v4` of another API, as CLOUDFLARE_BASE_URL gives it to the provider.
   * @default - Cloudflare's own, also where it is empty
   */
  readonly baseUrl?: string;
  /** Jurisdiction of the buckets. @default - none */
  readonly jurisdiction?: string;
  /** Ends a request. @default - none */
  readonly signal?: AbortSignal;
  /** What an error tells the user to do where the API refuses. @default - to check the token and the account */
  readonly fix?: string;
  /** How long to wait for an answer. @default 60_000 */
  readonly timeoutMs?: number;
}

const API = "https://api.cloudflare.com/client/v4";
/** How long to wait before each retry of a GET. */
const RETRY_DELAYS_MS = [500, 2_000];

interface Reply {
  readonly url: string;
  readonly status: number;
  /** The JSON; undefined if the body is something else. */
  readonly answer: unknown;
}

/**
 * Cloudflare's API for one account. Paths are below `/accounts/<id>`. Every method throws a StateError where the API
 * refuses, does not answer, or answers in another form.
 */
export class CloudflareApi {
  private readonly url: string;

  constructor(private readonly props: CloudflareApiProps) {
    this.url = `${(props.baseUrl || API).replace(/\/+$/, "")}/accounts/${props.accountId}`;
  }

  /** @returns undefined if Cloudflare itself answers 404, and not a proxy in between */
  async get<T>(path: string, shape: z.ZodType<T>): Promise<T | undefined> {
    const reply = await this.getWithRetries(path);
    return isMissing(reply) ? undefined : this.read(reply, shape);
  }

  async post<T>(path: string, body: object, shape: z.ZodType<T>): Promise<T> {
    return this.read(await this.send("POST", path, body), shape);
  }

  /** Deletes what is there; it is not an error if nothing is there. */
  async delete(path: string): Promise<void> {
    const reply = await this.send("DELETE", path);
    if (!isMissing(reply)) this.read(reply, z.object({}));
  }

  /** Sends a GET, again where the connection breaks or Cloudflare is busy. */
  private async getWithRetries(path: string): Promise<Reply> {
    for (const ms of RETRY_DELAYS_MS) {
      const reply = await this.send("GET", path).catch((error: unknown) => {
        if (error instanceof NoAnswerError && !error.isTimeout) return undefined;
        throw error;
      });
      if (reply && !isBusy(reply)) return reply;
      await sleep(ms, undefined, { signal: this.props.signal });
    }
    return this.send("GET", path);
  }

  private async send(method: string, path: string, body?: object): Promise<Reply> {
    const { token, jurisdiction, signal, timeoutMs = REQUEST_TIMEOUT_MS } = this.props;
    const url = `${this.url}${path}`;
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body && { "content-type": "application/json" }),
      ...(jurisdiction && { "cf-r2-jurisdiction": jurisdiction }),
    };
    try {
      const response = await fetch(url, {
        method,
        headers,
        body: body && JSON.stringify(body),
        redirect: "error",
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
      });
      return { url, status: response.status, answer: parse(await response.text()) };
    } catch (error) {
      signal?.throwIfAborted();
      throw new NoAnswerError(url, error as Error);
    }
  }

  private read<T>(reply: Reply, shape: z.ZodType<T>): T {
    const { url, status, answer } = reply;
    if (status < 200 || status > 299) {
      const { fix = "check CLOUDFLARE_API_TOKEN and the account's id" } = this.props;
      throw new StateError(
        `${url} answers ${status}: ${errorsIn(answer)}`,
        isBusy(reply) ? "try again in some minutes" : fix,
      );
    }
    const { success, data } = shape.safeParse(answer);
    if (success) return data;
    throw new StateError(
      `${url} answers ${status}, but not in the form of Cloudflare's API`,
      "check CLOUDFLARE_BASE_URL, and proxies in between",
    );
  }
}

class NoAnswerError extends StateError {
  readonly isTimeout: boolean;

  constructor(url: string, { name, cause, message }: Error) {
    super(`${url} does not answer (${cause ?? message})`, "check the network");
    this.isTimeout = name === "TimeoutError";
  }
}

/** The request itself is right: there were too many, or Cloudflare cannot answer now. */
const isBusy = ({ status }: Reply): boolean => status === 429 || status >= 500;

/** A proxy in between may answer 404 too, but not in Cloudflare's form. */
function isMissing({ status, answer }: Reply): boolean {
  return status === 404 && z.object({ success: z.literal(false) }).safeParse(answer).success;
}

/** The messages of the API alone: the whole answer may repeat what was sent, secrets included. */
function errorsIn(answer: unknown): string {
  const shape = z.object({ errors: z.array(z.object({ code: z.number(), message: z.string() })) });
  const { data } = shape.safeParse(answer);
  return data?.errors.map(({ code, message }) => `${code} ${message}`).join("; ") || "no reason given";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
