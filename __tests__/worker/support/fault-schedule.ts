import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { R2Bucket } from "@cloudflare/workers-types";
import { type AuditEntry, verifyAudit } from "../../../worker/src/sqlite/audit-chain";
import { waitUntil } from "../../support/wait-until";
import {
  type LockInfo,
  lockInfo,
  type Reply,
  State,
  send,
  stateBody,
  type Target,
} from "../conformance/client";
import { Random } from "./random";

/** The Worker that a schedule runs against. */
export interface Backend {
  readonly target: Target;
  /** Somebody else with the same rights. */
  readonly stranger: Target;
  readonly bucket: R2Bucket;
  /** Whether an S3 client works on the same object. */
  readonly servesS3Clients: boolean;
}

/** What a client knows of its own lock. */
interface Client {
  readonly name: string;
  /** Held for all this client knows. */
  lock: LockInfo | null;
}

const steps = 24;
const faultRate = 0.15;
/** Of each statement of SQLite; a request takes ten or twenty. */
const sqlFaultRate = 0.006;

/**
 * One random schedule against one state, under faults of R2, of SQLite and of the way back: three clients that lock, write,
 * unlock and break each other's locks, a stranger with their lock IDs, an admin who freezes, deletes and restores the backup, and one that uses
 * the S3 backend on the same object and puts older copies back. Checks after each answer, and at the end without faults,
 * that nothing that was accepted is lost. Throws with the seed and the log of what happened.
 */
export async function runSchedule(backend: Backend, seed: number): Promise<void> {
  const schedule = new Schedule(backend, seed);
  try {
    await Promise.race([schedule.run(), tooSlow()]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${seed}: ${message}\n${schedule.log.join("\n")}`, { cause: error });
  }
}

/** A schedule takes a second or two, and on a busy machine twenty; one that hangs is a bug too, and has to name its seed. */
async function tooSlow(): Promise<never> {
  await sleep(300_000, undefined, { ref: false });
  throw new Error("no end after five minutes");
}

class Schedule {
  readonly log: string[] = [];
  readonly #random: Random;
  readonly #state: State;
  readonly #clients: readonly Client[] = ["alice", "bob", "carol"].map((name) => ({ name, lock: null }));
  /** Bodies that were accepted, and those of which nobody knows. */
  readonly #accepted: string[] = [];
  readonly #maybe = new Set<string>();
  /** Acknowledged holder; null once anyone tried to end that lock. */
  #holder: string | null = null;
  readonly #dead = new Set<string>();
  /** Copies that the S3 client made of the current object, with their metadata, by their text. */
  readonly #copies = new Map<string, Record<string, string> | undefined>();
  /** The copy that was put back, until an admin chose. */
  #putBack: string | null = null;
  /** How many of the accepted bodies were there when the state was last deleted. */
  #deletedBefore = 0;
  /** Nobody knows whether the last DELETE was carried out; the next read tells. */
  #maybeDeleted = false;
  /** A freeze that was acknowledged, until anyone tried to end it. */
  #isFrozen = false;
  readonly #strangerState: State;

  constructor(
    private readonly backend: Backend,
    private readonly seed: number,
  ) {
    this.#random = new Random(seed);
    this.#state = new State(backend.target, `faults-${seed}-`);
    this.#strangerState = new State(backend.stranger, this.#state.name);
  }

  get #newest(): string | undefined {
    return this.#accepted.slice(this.#deletedBefore).at(-1);
  }

  get #key(): string {
    return `owner/${this.#state.name}.tfstate`;
  }

  async run(): Promise<void> {
    await this.#faults(faultRate);
    for (let step = 0; step < steps; step++) await this.#step();
    await this.#faults(0);
    await this.#abandonedEnd();
    await this.#settled();
  }

  async #step(): Promise<void> {
    // Mostly whoever holds the lock goes on; the others knock now and then.
    const holder = this.#clients.find(({ lock }) => lock !== null);
    const client = holder && this.#random.chance(0.6) ? holder : this.#random.pick(this.#clients);
    if (this.#putBack !== null) return this.#choose(this.#putBack);
    await this.#copyCurrent();
    const choice = this.#random.below(130);
    if (choice >= 124) await this.#delete();
    else if (choice >= 116) await this.#freezeOrThaw();
    else if (choice >= 108) await this.#putCopyBack();
    else if (choice >= 104) await this.#restoreBackup();
    else if (choice >= 100) await this.#writeAsStranger(client);
    else if (choice < 10) await this.#read();
    else if (choice < 16) await this.#forceUnlock(client);
    else if (choice < 25) await this.#elsewhere();
    else if (client.lock === null) await this.#lock(client);
    else if (choice < 70) await this.#write(client, client.lock);
    else await this.#unlock(client, client.lock);
  }

  async #lock(client: Client): Promise<void> {
    const info = lockInfo(client.name);
    const reply = await this.#replayed(`${client.name} locks ${short(info.ID)}`, () =>
      this.#send("LOCK", "/lock", JSON.stringify(info)),
    );
    if (reply.status !== 200) return;
    must(!this.#isFrozen, `${client.name} got the lock during a freeze`);
    must(this.#holder === null, `${client.name} got the lock while ${this.#holder} held it`);
    this.#holder = info.ID;
    client.lock = info;
  }

  async #write(client: Client, { ID }: LockInfo): Promise<void> {
    const read = await this.#read();
    if (read === null) return;
    const serial = read.serial + 1;
    const body = stateBody({ serial, note: `${client.name} ${this.#random.below(1e9)}` });
    const dead = this.#dead.has(ID);
    this.#maybe.add(body);
    const reply = await this.#replayed(`${client.name} writes ${serial}`, () =>
      this.#send("POST", `?ID=${ID}`, body),
    );
    if (reply.status === 200) {
      must(!dead, `${client.name} wrote with ${ID}, which was ended before`);
      this.#accepted.push(body);
    } else if (reply.status < 500) {
      client.lock = null; // refused: this client is out
    }
  }

  async #unlock(client: Client, info: LockInfo): Promise<void> {
    if (this.#holder === info.ID) this.#holder = null;
    const reply = await this.#replayed(`${client.name} unlocks ${short(info.ID)}`, () =>
      this.#send("UNLOCK", "/lock", JSON.stringify(info)),
    );
    client.lock = null;
    if (reply.status === 200) this.#dead.add(info.ID);
  }

  async #forceUnlock(client: Client): Promise<void> {
    const seen = await this.#send("GET", "/lock");
    if (seen.status !== 200) return;
    const { ID } = JSON.parse(seen.text) as Partial<LockInfo>;
    if (ID === undefined) return; // nobody holds it
    if (this.#holder === ID) this.#holder = null;
    const reply = await this.#replayed(`${client.name} breaks ${short(ID)}`, () =>
      this.#send("UNLOCK", "/lock", JSON.stringify({ ID })),
    );
    if (reply.status === 200) this.#dead.add(ID);
  }

  /** What goes on beside the clients of the Worker: an S3 client, or where none is served, the alarm. */
  async #elsewhere(): Promise<void> {
    if (this.backend.servesS3Clients) return this.#writeThroughS3();
    this.log.push(`alarm: ${await this.#ringAlarm()}`);
  }

  async #ringAlarm(): Promise<number> {
    const object = encodeURIComponent(`owner/${this.#state.name}`);
    return (await send(this.backend.target, "GET", `/alarm/${object}`)).status;
  }

  /** As the S3 backend with use_lockfile does it: create the lock file, read, put, delete the lock file. */
  async #writeThroughS3(): Promise<void> {
    if (this.#maybeDeleted && (await this.#read()) === null) return;
    const key = `owner/${this.#state.name}.tfstate`;
    const info = { ...lockInfo("s3"), Path: key };
    const locked = await this.backend.bucket.put(`${key}.tflock`, JSON.stringify(info), {
      onlyIf: { etagDoesNotMatch: "*" },
    });
    this.log.push(`s3 locks: ${locked ? "held" : "refused"}`);
    if (!locked) return;
    must(this.#holder === null, `the S3 client got the lock while ${this.#holder} held it`);
    const current = await this.backend.bucket.get(key);
    const serial = current ? (JSON.parse(await current.text()) as { serial: number }).serial : 0;
    const newest = this.#newest === undefined ? 0 : serialOf(this.#newest);
    must(serial >= newest, `the S3 client reads serial ${serial} under its lock, ${newest} was accepted`);
    const body = stateBody({ serial: serial + 1, note: `s3 ${this.#random.below(1e9)}` });
    await this.backend.bucket.put(key, body);
    this.#accepted.push(body);
    this.log.push(`s3 writes ${serial + 1}`);
    await this.backend.bucket.delete(`${key}.tflock`);
  }

  /** Whoever has read the ID of a lock, which each 423 shows; even as an admin. */
  async #writeAsStranger({ lock }: Client): Promise<void> {
    if (lock === null) return;
    const body = stateBody({ serial: 900, note: "stolen" });
    const { status } = await this.#strangerState.send("POST", `?ID=${lock.ID}`, { body });
    this.log.push(`a stranger writes with ${short(lock.ID)}: ${status}`);
    must(status >= 400, `a stranger wrote with ${lock.ID}`);
  }

  /** Of a state that is whole, whatever the storage does at the moment: nothing that is newer than the copy is lost. */
  async #restoreBackup(): Promise<void> {
    for (const below of ["/backup", "/backup/restore"]) {
      const { status } = await this.#replayed(`POST ${below}`, () => this.#send("POST", below));
      must(status < 400 || status === 409 || status === 423 || status >= 500, `${below} answers ${status}`);
    }
  }

  /** By an admin, while nobody holds the lock. A state that begins anew is told from the deleted one. */
  async #delete(): Promise<void> {
    const { status } = await this.#replayed("an admin deletes", () => this.#send("DELETE"));
    await this.#abandonedEnd();
    if (status === 200) this.#deletedBefore = this.#accepted.length;
    else this.#maybeDeleted = true;
  }

  async #freezeOrThaw(): Promise<void> {
    const isThaw = this.#isFrozen;
    this.#isFrozen = false;
    const { status } = isThaw
      ? await this.#replayed("an admin thaws", () => this.#send("DELETE", "/freeze"))
      : await this.#replayed("an admin freezes", () => this.#send("PUT", "/freeze", '{"reason":"a test"}'));
    await this.#abandonedEnd();
    this.#isFrozen = !isThaw && status === 200;
  }

  async #copyCurrent(): Promise<void> {
    if (!this.backend.servesS3Clients) return; // nobody puts a copy back
    const found = await this.backend.bucket.get(this.#key);
    if (found) this.#copies.set(await found.text(), found.customMetadata);
  }

  /** As CopyObject does it, under the S3 client's lock: an older current object comes back, metadata and all. */
  async #putCopyBack(): Promise<void> {
    if (!this.backend.servesS3Clients) return this.#elsewhere();
    if ((await this.#read()) === null) return; // so that the Worker has seen what S3 clients wrote
    const info = { ...lockInfo("s3"), Path: this.#key };
    const options = { onlyIf: { etagDoesNotMatch: "*" } };
    if (!(await this.backend.bucket.put(`${this.#key}.tflock`, JSON.stringify(info), options))) return;
    const newest = this.#newest;
    const current = await (await this.backend.bucket.get(this.#key))?.text();
    const older = [...this.#copies].filter(
      ([text, metadata]) => metadata?.version && newest && serialOf(text) < serialOf(newest),
    );
    if (current !== undefined && current === newest && older.length > 0) {
      const [text, customMetadata] = this.#random.pick(older);
      await this.backend.bucket.put(this.#key, text, { customMetadata });
      this.#putBack = text;
      this.log.push(`s3 puts serial ${serialOf(text)} back`);
    }
    await this.backend.bucket.delete(`${this.#key}.tflock`);
  }

  /** An admin settles what a copy that was put back has done: until then it is neither served nor overwritten. */
  async #choose(copy: string): Promise<void> {
    const { status, text } = await this.#send("GET");
    this.log.push(`read after the copy: ${status}`);
    must(status >= 500, `a copy was put back, and a read answers ${status}: ${text}`);
    const newest = createHash("sha256")
      .update(this.#newest ?? "")
      .digest("hex");
    const list = await this.#send("GET", "/versions?all=1&limit=1000");
    if (list.status !== 200) return;
    const version = (JSON.parse(list.text) as { id: string; sha256: string }[]).find(
      ({ sha256 }) => sha256 === newest,
    );
    must(version !== undefined, "the last accepted version is not there to choose");
    must((await (await this.backend.bucket.get(this.#key))?.text()) === copy, "the copy was overwritten");
    for (let again = 0; ; again++) {
      const reply = await this.#send("POST", `/versions/${version.id}/restore`);
      this.log.push(`an admin restores ${short(version.id)}: ${reply.status}`);
      if (reply.status === 200) break;
      must(reply.status >= 500 && again < 50, `a restore is answered ${reply.status}: ${reply.text}`);
    }
    this.#putBack = null;
  }

  /** @returns null where the answer was an error */
  async #read(): Promise<{ serial: number } | null> {
    const reply = await this.#send("GET");
    this.log.push(`read: ${reply.status} ${reply.text.slice(0, 60)}`);
    if (reply.status >= 500) return null;
    if (this.#maybeDeleted && reply.status === 204) this.#deletedBefore = this.#accepted.length;
    this.#maybeDeleted = false;
    const newest = this.#newest;
    if (reply.status === 204) {
      must(newest === undefined, "a state that was accepted is not there any more");
      return { serial: 0 };
    }
    must(reply.status === 200, reply.text);
    must(
      this.#maybe.has(reply.text) || this.#accepted.includes(reply.text),
      "nobody ever wrote what was read",
    );
    const serial = serialOf(reply.text);
    if (newest) {
      must(serial >= serialOf(newest), `read serial ${serial} after ${serialOf(newest)} was accepted`);
      if (serial === serialOf(newest))
        must(reply.text === newest, `serial ${serial} reads otherwise than it was accepted`);
    }
    return { serial };
  }

  /** Without faults: the last accepted state is there, in all places, with its whole history, and work goes on. */
  async #settled(): Promise<void> {
    must((await this.#send("DELETE", "/freeze")).status === 200, "a freeze cannot be ended");
    if (this.#putBack !== null) await this.#choose(this.#putBack);
    const read = await this.#read();
    must(read !== null, "no answer without faults");
    const current = (await this.#send("GET")).text;
    const key = `owner/${this.#state.name}.tfstate`;
    if (!this.backend.servesS3Clients)
      must((await this.#ringAlarm()) === 200, "the alarm fails without faults");
    if (read.serial > 0)
      must(
        (await (await this.backend.bucket.get(key))?.text()) === current,
        "the current object is not the current version",
      );

    const history = JSON.parse((await this.#send("GET", "/versions?all=1&limit=1000")).text) as {
      id: string;
      sha256: string;
    }[];
    for (const body of this.#accepted) {
      const version = history.find(
        ({ sha256 }) => sha256 === createHash("sha256").update(body).digest("hex"),
      );
      // An S3 write that another S3 write replaced before anyone asked the Worker was never seen by it.
      if (!version && body.includes('"s3 ')) continue;
      must(version !== undefined, `serial ${serialOf(body)} was accepted and is not in the history`);
      const object = await this.backend.bucket.get(`history/owner/${this.#state.name}/${version.id}.tfstate`);
      must(object !== null, `serial ${serialOf(body)} was accepted, and R2 does not have its version`);
      const kept = (await this.#send("GET", `/versions/${version.id}`)).text;
      must(kept === body, `serial ${serialOf(body)} was accepted, and its version has other bytes`);
    }

    await this.#send("UNLOCK", "/lock", "");
    const info = lockInfo("dave");
    await this.#mustSucceed("LOCK", "/lock", JSON.stringify(info));
    const next = stateBody({ serial: read.serial + 1, note: "last" });
    await this.#mustSucceed("POST", `?ID=${info.ID}`, next);
    await this.#mustSucceed("UNLOCK", "/lock", JSON.stringify(info));
    if (!this.backend.servesS3Clients) await this.#ringAlarm();
    must(
      (await (await this.backend.bucket.get(key))?.text()) === next,
      "S3 clients do not read the last write",
    );
    must((await this.backend.bucket.head(`${key}.tflock`)) === null, "the lock file is still there");
    for (const id of this.#dead) {
      const { status } = await this.#send("POST", `?ID=${id}`, stateBody({ serial: 999 }));
      must(status === 409, `a write with ${id}, which was ended before, is answered ${status}`);
    }

    const audit = JSON.parse((await this.#send("GET", "/audit?limit=1000")).text) as AuditEntry[];
    must(verifyAudit(audit) === null, `the audit is broken: ${verifyAudit(audit)}`);
  }

  /** Requests that the Worker goes on with after their answers were lost come to their end. */
  #abandonedEnd(): Promise<void> {
    const path = `/abandoned/${this.#state.name}`;
    return waitUntil(async () => (await send(this.backend.target, "GET", path)).text === "0");
  }

  async #mustSucceed(method: string, below: string, body: string): Promise<void> {
    const { status, text } = await this.#send(method, below, body);
    must(status === 200, `without faults, ${method} is answered ${status}: ${text}`);
  }

  /** As Go's client does: a lost answer or a 5xx is asked again, the same request, up to twice. */
  async #replayed(what: string, send: () => Promise<Reply>): Promise<Reply> {
    let reply = await send();
    this.log.push(`${what}: ${reply.status} ${reply.status < 500 ? reply.text.slice(0, 90) : ""}`);
    for (let again = 0; again < 2 && reply.status >= 500; again++) {
      reply = await send();
      this.log.push(`  again: ${reply.status} ${reply.status < 500 ? reply.text.slice(0, 90) : ""}`);
    }
    return reply;
  }

  #send(method: string, below = "", body?: string): Promise<Reply> {
    const fate =
      this.#faulty && this.#random.chance(faultRate) ? this.#random.pick(["lost", "abandoned"]) : "";
    return this.#state.send(method, below, { body, headers: { "x-fate": fate } });
  }

  #faulty = false;
  async #faults(rate: number): Promise<void> {
    this.#faulty = rate > 0;
    const sqlRate = rate > 0 ? sqlFaultRate : 0;
    const settings = `seed=${this.seed}&rate=${rate}&sqlRate=${sqlRate}`;
    await send(this.backend.target, "GET", `/faults/${this.#state.name}?${settings}`);
  }
}

/** @throws where something does not hold; {@link runSchedule} adds the seed and the log */
function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

const serialOf = (body: string): number => (JSON.parse(body) as { serial: number }).serial;
const short = (id: string): string => id.slice(0, 8);
