import { createHash, randomUUID } from "node:crypto";
import { Agent, request } from "undici";

/** The backend under test. The suite knows nothing of it but HTTP. */
export interface Target {
  /** Up to the `/states` of the routes, without a trailing slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface LockInfo {
  readonly ID: string;
  readonly Operation?: string;
  readonly Info?: string;
  readonly Who?: string;
  readonly Version?: string;
  readonly Created?: string;
  readonly Path?: string;
}

export type Body = string | Uint8Array | AsyncIterable<Uint8Array>;
export interface RequestOptions {
  readonly body?: Body;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends one request, exactly as asked: nothing is retried, followed or decoded. */
export async function send(
  target: Target,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Reply> {
  const { username, password } = target;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const { statusCode, headers, body } = await request(`${target.url}${path}`, {
    method: method as "GET",
    headers: { authorization, ...options.headers },
    body: options.body as Buffer | undefined,
    signal: options.signal,
    headersTimeout: 120_000,
    dispatcher: agent,
  }).catch((error: { readonly code?: unknown }) => {
    // undici's error does not say which of many requests it was.
    if (error.code !== "UND_ERR_HEADERS_TIMEOUT") throw error;
    throw new Error(`${method} ${path} had no answer within two minutes`, { cause: error });
  });
  return { status: statusCode, headers, text: await body.text() };
}
/** A connection for each request: one that is kept may be closed in the very moment it is used again. */
const agent = new Agent({ connections: 64, pipelining: 0 });

/** Whether a request failed because the server closed the connection on it. */
export function isHangUp(error: unknown): boolean {
  // No instanceof: in jest, Node's own errors are of another realm.
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" && ["EPIPE", "ECONNRESET", "UND_ERR_SOCKET"].includes(code);
}

/** Ends the connections that {@link send} keeps open. */
export const closeConnections = (): Promise<void> => agent.close();

/** One state of the backend, as a client sees it. */
export class State {
  constructor(
    readonly target: Target,
    readonly name = `conformance-${randomUUID()}`,
  ) {}

  get path(): string {
    return `/states/${encodeURIComponent(this.name)}`;
  }

  send(method: string, below = "", options: RequestOptions = {}): Promise<Reply> {
    return send(this.target, method, `${this.path}${below}`, options);
  }

  get(): Promise<Reply> {
    return this.send("GET");
  }

  /** POST as the clients send it: with the lock's ID and the MD5 of the body. */
  post(body: string, id?: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    const md5 = createHash("md5").update(body).digest("base64");
    const query = id === undefined ? "" : `?ID=${encodeURIComponent(id)}`;
    return this.send("POST", query, {
      body,
      headers: { "content-type": "application/json", "content-md5": md5, ...headers },
    });
  }

  lock(info: LockInfo): Promise<Reply> {
    return this.send("LOCK", "/lock", { body: JSON.stringify(info) });
  }

  /** UNLOCK as the holder sends it; a string goes out as it is. */
  unlock(info: LockInfo | string): Promise<Reply> {
    return this.send("UNLOCK", "/lock", { body: typeof info === "string" ? info : JSON.stringify(info) });
  }

  holder(): Promise<Reply> {
    return this.send("GET", "/lock");
  }

  admin(method: string, below: string, body: unknown = {}): Promise<Reply> {
    return this.send(method, below, { body: JSON.stringify(body) });
  }
}

/** A LockInfo as OpenTofu makes it, with an ID that was never used. */
export function lockInfo(who = "alice@laptop"): Required<LockInfo> {
  return {
    ID: randomUUID(),
    Operation: "OperationTypeApply",
    Info: "",
    Who: who,
    Version: "1.12.6",
    Created: new Date().toISOString(),
    Path: "",
  };
}

export interface StateFields {
  readonly serial: number;
  readonly lineage?: string;
  /** Names of resources. */
  readonly resources?: readonly string[];
  readonly encrypted?: boolean;
  /** Makes two states of one serial differ. */
  readonly note?: string;
}

/** The bytes of a state. */
export function stateBody({
  serial,
  lineage = "lineage-1",
  resources = [],
  encrypted = false,
  note = "",
}: StateFields): string {
  if (encrypted) {
    const encrypted_data = Buffer.from(`sealed ${serial} ${note}`).toString("base64");
    return JSON.stringify({
      serial,
      lineage,
      meta: { "key_provider.pbkdf2.main": "e30=" },
      encrypted_data,
      encryption_version: "v0",
    });
  }
  return JSON.stringify({
    version: 4,
    terraform_version: "1.12.6",
    serial,
    lineage,
    outputs: { note: { value: note, type: "string" } },
    resources: resources.map((name) => ({
      mode: "managed",
      type: "terraform_data",
      name,
      provider: 'provider["terraform.io/builtin/terraform"]',
      instances: [{ schema_version: 0, attributes: { id: name } }],
    })),
  });
}

/** `text` as bytes that come in pieces; `gate` runs before the last one. */
export async function* slowly(text: string, gate: () => Promise<void>): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const half = Math.floor(bytes.length / 2);
  yield bytes.subarray(0, half);
  await gate();
  yield bytes.subarray(half);
}
