import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { StateError } from "./problem";
import { REQUEST_TIMEOUT_MS } from "./request-timeout";

export interface CloudflareApiProps {
  readonly accountId: string;
  readonly token: string;
  /** `…/client/v4` of another API, as CLOUDFLARE_BASE_URL gives it to the provider; an empty one is none. */
  readonly baseUrl?: string;
  /** Of the buckets that are asked for. */
  readonly jurisdiction?: string;
  readonly signal?: AbortSignal;
  /** What to do where the API refuses. @default to check the token and the account */
  readonly fix?: string;
  /** How long to wait for an answer: one that never comes must not hold a run up for ever. @default 60000 */
  readonly answerMs?: number;
}

const API = "https://api.cloudflare.com/client/v4";
/** How long to wait before a question is asked again. */
const WAITS_MS = [500, 2_000];

/** What one request came to. */
interface Reply {
  readonly url: string;
  readonly status: number;
  /** undefined where it is no JSON. */
  readonly answer: unknown;
}

/**
 * An account in Cloudflare's API. Paths are below `/accounts/<id>`.
 * Every method throws a StateError where the API refuses, does not answer, or answers something else than it should.
 */
export class CloudflareApi {
  private readonly url: string;

  constructor(private readonly props: CloudflareApiProps) {
    this.url = `${(props.baseUrl || API).replace(/\/+$/, "")}/accounts/${props.accountId}`;
  }

  /** @returns undefined where Cloudflare itself says that there is none */
  async get<T>(path: string, shape: z.ZodType<T>): Promise<T | undefined> {
    const reply = await this.ask(path);
    return isMissing(reply) ? undefined : this.read(reply, shape);
  }

  async post<T>(path: string, body: object, shape: z.ZodType<T>): Promise<T> {
    return this.read(await this.send("POST", path, body), shape);
  }

  /** What is gone already counts as deleted. */
  async delete(path: string): Promise<void> {
    const reply = await this.send("DELETE", path);
    if (!isMissing(reply)) this.read(reply, z.object({}));
  }

  /** A question may be asked again, where its connection breaks or Cloudflare may answer it later. */
  private async ask(path: string): Promise<Reply> {
    for (const ms of WAITS_MS) {
      const reply = await this.send("GET", path).catch((error: unknown) => {
        if (error instanceof NoAnswer && !error.isTimeout) return undefined;
        throw error;
      });
      if (reply && !isForLater(reply)) return reply;
      await sleep(ms, undefined, { signal: this.props.signal });
    }
    return this.send("GET", path);
  }

  private async send(method: string, path: string, body?: object): Promise<Reply> {
    const { token, jurisdiction, signal, answerMs = REQUEST_TIMEOUT_MS } = this.props;
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
        signal: AbortSignal.any([AbortSignal.timeout(answerMs), ...(signal ? [signal] : [])]),
      });
      return { url, status: response.status, answer: parse(await response.text()) };
    } catch (error) {
      signal?.throwIfAborted();
      throw new NoAnswer(url, error as Error);
    }
  }

  private read<T>(reply: Reply, shape: z.ZodType<T>): T {
    const { url, status, answer } = reply;
    if (status < 200 || status > 299) {
      const { fix = "check CLOUDFLARE_API_TOKEN and the account's id" } = this.props;
      throw new StateError(
        `${url} answers ${status}: ${errorsIn(answer)}`,
        isForLater(reply) ? "try again in some minutes" : fix,
      );
    }
    const { success, data } = shape.safeParse(answer);
    if (success) return data;
    throw new StateError(
      `${url} answers ${status}, but not what Cloudflare does`,
      "check CLOUDFLARE_BASE_URL and what is in between, such as a proxy",
    );
  }
}

class NoAnswer extends StateError {
  readonly isTimeout: boolean;

  constructor(url: string, { name, cause, message }: Error) {
    super(`${url} does not answer (${cause ?? message})`, "check the network");
    this.isTimeout = name === "TimeoutError";
  }
}

/** Nothing is wrong with what was asked: too much was, or Cloudflare cannot answer now. */
const isForLater = ({ status }: Reply): boolean => status === 429 || status >= 500;

/** A proxy in between may answer 404 too, but not in Cloudflare's words. */
function isMissing({ status, answer }: Reply): boolean {
  return status === 404 && z.object({ success: z.literal(false) }).safeParse(answer).success;
}

/** Messages of the API; never the whole answer, which may repeat what was sent. */
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
