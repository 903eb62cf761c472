import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { freezeReason, isFrozen, type LockInfo, parseLock } from "./lock-info";
import { parseJson } from "./parse-json";
import { LockedError, StateError } from "./problem";
import type { Guard, StateStore, Version } from "./store";

export interface WorkerCredentials {
  readonly username: string;
  readonly password: string;
}

const versionList = z.array(
  z.object({
    id: z.string(),
    createdAt: z.string(),
    serial: z
      .number()
      .nullable()
      .transform((serial) => serial ?? undefined),
    sha256: z.string(),
    size: z.number(),
    createdBy: z.string(),
    current: z.boolean(),
  }),
);

interface Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

const OVERRIDE_MS = 5 * 60 * 1000;
/** Rules of the Worker that can be lifted for one write. */
const OVERRIDABLE: readonly Guard[] = ["serial", "lineage", "plaintext"];
const ATTEMPTS = 4;

/** A state at the tfstate Worker, by its routes. */
export class WorkerStore implements StateStore {
  readonly backend = "worker";
  readonly address: string;
  private readonly authorization: string;

  constructor(
    private readonly url: string,
    { username, password }: WorkerCredentials,
  ) {
    this.address = `worker ${url}`;
    this.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }

  async read(): Promise<Uint8Array | undefined> {
    const { status, bytes } = await this.send("GET", "");
    if (status === 204) return undefined;
    if (bytes.byteLength > 0) return bytes;
    throw new StateError(
      `${this.address} answers with nothing instead of a state`,
      "is this a tfstate Worker?",
    );
  }

  async write(bytes: Uint8Array, lock: LockInfo, allow: readonly Guard[] = []): Promise<void> {
    const rules = allow.filter((guard) => OVERRIDABLE.includes(guard));
    const until = new Date(Date.now() + OVERRIDE_MS).toISOString();
    await this.send("POST", `?ID=${encodeURIComponent(lock.ID)}`, bytes, {
      "content-type": "application/json",
      "content-md5": createHash("md5").update(bytes).digest("base64"),
      ...(rules.length > 0 && { "x-tfstate-override": `${rules.join(",")} until=${until}` }),
    });
  }

  async remove(lock: LockInfo): Promise<void> {
    await this.send("DELETE", `?ID=${encodeURIComponent(lock.ID)}`);
  }

  async holder(): Promise<LockInfo | undefined> {
    const { status, bytes } = await this.send("GET", "/lock");
    return status === 204 ? undefined : parseLock(Buffer.from(bytes).toString(), this.address);
  }

  async lock(lock: LockInfo): Promise<void> {
    if ((await this.holder())?.ID !== lock.ID) await this.send("LOCK", "/lock", json(lock));
  }

  async unlock(lock: LockInfo): Promise<void> {
    if ((await this.holder())?.ID === lock.ID) await this.send("UNLOCK", "/lock", json(lock));
  }

  async breakLock(id: string): Promise<void> {
    await this.send("UNLOCK", "/lock", json({ ID: id }));
  }

  /** A lock that stays, and beside it the Worker's own freeze, which `force-unlock` does not lift. */
  async freeze(lock: LockInfo): Promise<void> {
    const before = await this.holder();
    await this.lock(lock);
    try {
      await this.send("PUT", "/freeze", json({ reason: freezeReason(lock), expiresInSeconds: null }));
    } catch (error) {
      if (before?.ID !== lock.ID) await this.unlock(lock);
      throw error;
    }
  }

  async thaw(lock: LockInfo): Promise<void> {
    await this.send("DELETE", "/freeze");
    await this.unlock(lock);
  }

  async versions(): Promise<readonly Version[]> {
    const { bytes } = await this.send("GET", "/versions?limit=1000");
    const fix = "update the Worker with npm run bootstrap";
    return parseJson(Buffer.from(bytes).toString(), versionList, `${this.address}/versions`, fix);
  }

  async version(id: string): Promise<Uint8Array> {
    return (await this.send("GET", `/versions/${encodeURIComponent(id)}`)).bytes;
  }

  async restore(id: string, lock: LockInfo): Promise<void> {
    await this.send("POST", `/versions/${encodeURIComponent(id)}/restore?ID=${encodeURIComponent(lock.ID)}`);
  }

  /** The Worker keeps every version by itself. */
  async keepVersion(): Promise<void> {}

  /** Sends a request, again where the Worker says that it may work later; every route can be sent twice. */
  private async send(
    method: string,
    path: string,
    body?: Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const reply = await this.fetch(method, path, body, headers);
      const bytes = new Uint8Array(await reply.arrayBuffer());
      if (reply.ok) return { status: reply.status, bytes };
      if (attempt === ATTEMPTS || (reply.status !== 503 && reply.status !== 429)) {
        throw this.refusal(method, path, reply.status, Buffer.from(bytes).toString());
      }
      await wait(1000 * Math.min(Number(reply.headers.get("retry-after")) || 1, 10));
    }
  }

  private async fetch(
    method: string,
    path: string,
    body: Uint8Array | undefined,
    headers: Record<string, string>,
  ): Promise<Response> {
    try {
      return await fetch(`${this.url}${path}`, {
        method,
        headers: { authorization: this.authorization, ...headers },
        body: body && Buffer.from(body),
        // Followed, a LOCK or POST would become a GET.
        redirect: "manual",
      });
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new StateError(`${this.address} does not answer (${cause})`, "check the network and state.url");
    }
  }

  private refusal(method: string, path: string, status: number, text: string): StateError {
    let said: { readonly message?: string; readonly fix?: string; readonly ID?: string } = {};
    try {
      said = JSON.parse(text);
    } catch {
      // Whatever answered is no tfstate Worker; the status tells.
    }
    if (status === 423 && said.ID) {
      const holder = parseLock(text, this.address);
      return new LockedError(this.address, holder, isFrozen(holder) ? undefined : said.fix);
    }
    const fix =
      status === 401
        ? "check TF_HTTP_USERNAME and TF_HTTP_PASSWORD"
        : (said.fix ?? "check state.url, try again");
    return new StateError(
      `${this.address}: ${method} ${path} answers ${status}: ${said.message ?? "no reason"}`,
      fix,
    );
  }
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
