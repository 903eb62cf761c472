import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { nameAtWorker } from "../config/state-location";
import { type LockHolder, type LockInfo, readLockHolder } from "../domain/lock-info";
import { stateRules } from "../domain/state-guard";
import { stateKey } from "../domain/state-objects";
import { headers as headerNames, maxListedVersions, overrideHeader } from "../domain/worker-api";
import { LockedError, StateError } from "./errors";
import { belongsTo, freezeReason, isFreezeWithoutLock } from "./locks";
import { parseJson } from "./parse-json";
import { REQUEST_TIMEOUT_MS, requestTimeout } from "./request-timeout";
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
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

interface Call {
  readonly method: string;
  /** After the address of the state. */
  readonly path: string;
  readonly body?: Uint8Array;
  readonly headers?: Record<string, string>;
}

export interface WorkerStoreOptions {
  /** For one request; the time that a large body takes is added. @default 60_000 */
  readonly timeoutMs?: number;
}

const OVERRIDE_MS = 5 * 60 * 1000;
const ATTEMPTS = 4;

/** A state at the tfstate Worker, by its routes. */
export class WorkerStore implements StateStore {
  readonly backend = "worker";
  readonly address: string;
  readonly objectKey: string;
  private readonly authorization: string;
  private readonly timeoutMs: number;

  constructor(
    private readonly url: string,
    { username, password }: WorkerCredentials,
    { timeoutMs = REQUEST_TIMEOUT_MS }: WorkerStoreOptions = {},
  ) {
    this.timeoutMs = timeoutMs;
    this.address = `worker ${url}`;
    this.objectKey = stateKey({ namespace: username, name: nameAtWorker(url) });
    this.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }

  async read(): Promise<Uint8Array | undefined> {
    const { status, bytes } = await this.send("GET", "");
    if (status === 204) return undefined;
    if (bytes.byteLength > 0) return bytes;
    throw new StateError(
      `${this.address} answers with nothing instead of a state`,
      "check state.url; if the Worker is old, npm run bootstrap updates it",
    );
  }

  async write(bytes: Uint8Array, lock: LockInfo, allow: readonly Guard[] = []): Promise<void> {
    const rules = stateRules.filter((rule) => allow.includes(rule));
    const until = new Date(Date.now() + OVERRIDE_MS);
    await this.send("POST", `?ID=${encodeURIComponent(lock.ID)}`, bytes, {
      "content-type": "application/json",
      "content-md5": createHash("md5").update(bytes).digest("base64"),
      ...(rules.length > 0 && { [headerNames.override]: overrideHeader(rules, until) }),
    });
  }

  async remove(lock: LockInfo): Promise<void> {
    await this.send("DELETE", `?ID=${encodeURIComponent(lock.ID)}`);
  }

  async holder(): Promise<LockHolder | undefined> {
    const { status, bytes } = await this.send("GET", "/lock");
    // An older Worker answers 204 where nobody holds the lock.
    if (status === 204) return undefined;
    const text = Buffer.from(bytes).toString();
    return isFree(text) ? undefined : this.holderIn(text);
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

  /** Takes a lock that stays, and freezes the state at the Worker, since `force-unlock` breaks a lock and no freeze. */
  async freeze(lock: LockInfo, instead?: LockHolder): Promise<void> {
    if (instead) return this.refreeze(lock, instead);
    const before = await this.holder();
    await this.lock(lock);
    try {
      await this.putFreeze(lock);
    } catch (error) {
      if (before?.ID !== lock.ID) await this.unlock(lock);
      throw error;
    }
  }

  /** Replaces the lock of a freeze. The freeze at the Worker stays all the time, and lets the new lock through. */
  private async refreeze(lock: LockInfo, instead: LockHolder): Promise<void> {
    await this.putFreeze(lock);
    if (!isFreezeWithoutLock(instead)) await this.send("UNLOCK", "/lock", json({ ID: instead.ID }));
    await this.lock(lock);
  }

  private async putFreeze(lock: LockInfo): Promise<void> {
    const { ID, Operation } = lock;
    const freeze = { reason: freezeReason(lock), expiresInSeconds: null, lock: ID, operation: Operation };
    await this.send("PUT", "/freeze", json(freeze));
  }

  private holderIn(answer: string): LockHolder {
    return readLockHolder(answer, { where: this.address });
  }

  async unfreeze(lock: LockInfo): Promise<void> {
    const holder = await this.holder();
    if (!holder) return;
    if (!belongsTo(holder, lock)) throw new LockedError(this.address, holder);
    await this.send("DELETE", "/freeze");
    await this.unlock(lock);
  }

  async versions(): Promise<readonly Version[]> {
    const fix = "if the Worker is old, npm run bootstrap updates it";
    const found: Version[] = [];
    for (let after = ""; ; ) {
      const { bytes } = await this.send("GET", `/versions?limit=${maxListedVersions}${after}`);
      const page = parseJson(Buffer.from(bytes).toString(), versionList, `${this.address}/versions`, fix);
      found.push(...page);
      if (page.length < maxListedVersions) return found;
      after = `&before=${encodeURIComponent(page.at(-1)?.id ?? "")}`;
    }
  }

  async version(id: string): Promise<Uint8Array> {
    return (await this.send("GET", `/versions/${encodeURIComponent(id)}`)).bytes;
  }

  async restore(id: string, lock: LockInfo): Promise<void> {
    await this.send("POST", `/versions/${encodeURIComponent(id)}/restore?ID=${encodeURIComponent(lock.ID)}`);
  }

  /** The Worker keeps every version by itself. */
  async keepVersion(): Promise<void> {}

  /**
   * Sends a request, again where its connection breaks or the Worker says that it may work later: every route can be
   * sent twice.
   */
  private async send(
    method: string,
    path: string,
    body?: Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt === ATTEMPTS;
      const answer = await this.reach({ method, path, body, headers }, isLast);
      if (answer && answer.status >= 200 && answer.status < 300) return this.identified(answer);
      if (answer && (isLast || (answer.status !== 503 && answer.status !== 429))) {
        throw this.refusal(method, path, answer.status, Buffer.from(answer.bytes).toString());
      }
      await wait(answer ? 1000 * Math.min(Number(answer.headers.get("retry-after")) || 1, 10) : 200);
    }
  }

  /** The answer; undefined if the connection broke, and the request should be sent again. */
  private async reach({ method, path, body, headers }: Call, isLast: boolean): Promise<Answer | undefined> {
    const ms = requestTimeout(this.timeoutMs, body);
    const signal = AbortSignal.timeout(ms);
    try {
      const reply = await fetch(`${this.url}${path}`, {
        method,
        headers: { authorization: this.authorization, ...headers },
        body: body && Buffer.from(body),
        // Followed, a LOCK or POST would become a GET.
        redirect: "manual",
        signal,
      });
      const bytes = new Uint8Array(await reply.arrayBuffer());
      return { status: reply.status, headers: reply.headers, bytes };
    } catch (error) {
      const fix = "check the network and state.url";
      if (signal.aborted) {
        throw new StateError(`${this.address} does not answer within ${ms / 1000} s`, fix);
      }
      if (!isLast) return undefined;
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new StateError(`${this.address} does not answer (${cause})`, fix);
    }
  }

  /** A proxy, or another server, may answer 204 too: only a Worker is believed. */
  private identified(answer: Answer): Answer {
    if (answer.headers.has(headerNames.identity)) return answer;
    throw new StateError(
      `${this.address}: what answers there is not a tfstate Worker, or an old one`,
      "check state.url; if the Worker is old, npm run bootstrap updates it",
    );
  }

  private refusal(method: string, path: string, status: number, text: string): StateError {
    let said: { readonly message?: string; readonly fix?: string; readonly ID?: string } = {};
    try {
      said = JSON.parse(text);
    } catch {
      // What answered is not a tfstate Worker: the error names the status alone.
    }
    // The Worker's own fix is for clients without these commands.
    if (status === 423 && said.ID) return new LockedError(this.address, this.holderIn(text));
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

/** Whether the answer to GET of a lock says that nobody holds it. */
function isFree(text: string): boolean {
  try {
    return JSON.parse(text)?.locked === false;
  } catch {
    return false;
  }
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
