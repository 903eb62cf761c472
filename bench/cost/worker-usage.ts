import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { bundleWorker } from "../../worker/build";
import { startWorker } from "../../worker/runtime";
import type { Measured } from "./estimate";
import { type Measurement, Program } from "./program";
import { type Counts, minus, usageOf } from "./usage";

export interface WorkerCounts {
  readonly plan: Counts;
  readonly apply: Counts;
  /** Of the alarm of one state. */
  readonly alarm: Counts;
  /** Of the cron trigger, where there is no state and where there is one that changed. */
  readonly backups: readonly [Counts, Counts];
  /** Objects that an apply added to the bucket. */
  readonly versions: number;
  readonly databaseBytes: { readonly plan: number; readonly apply: number };
}

const OWNER = "owner";
const STATE = "cost";
/** Enough to see what a database grows by, which it does by whole pages. */
const CYCLES = 300;

/** The Worker in workerd: what a plan and an apply of real OpenTofu take, and what it does by itself. */
export async function countWorker({ toolchain, folder, signal }: Measurement): Promise<WorkerCounts> {
  const worker = await ColdWorker.create(join(folder, "cloudflare"), signal);
  const program = new Program({
    toolchain,
    signal,
    folder: join(folder, "program"),
    state: { backend: "worker", url: `${worker.origin}/states/${STATE}` },
    env: { TF_HTTP_USERNAME: OWNER, TF_HTTP_PASSWORD: worker.password },
  });
  const runCron = () => worker.during(() => worker.ask("/cdn-cgi/handler/scheduled"));
  await runCron(); // makes tables, once
  const nothingToCopy = await runCron();
  const first = await worker.during(() => program.apply("0"));
  const apply = await worker.during(() => program.apply("1"));
  const plan = await worker.during(() => program.plan());
  const alarm = await worker.during(() => worker.ask(`/~wake/${OWNER}/${STATE}`));
  const copied = await runCron();
  return {
    plan: plan.counts,
    apply: apply.counts,
    alarm: alarm.counts,
    backups: [nothingToCopy.counts, copied.counts],
    versions: apply.objects - first.objects,
    databaseBytes: await databaseGrowth(worker),
  };
}

export function measuredWorker(counts: WorkerCounts): Measured {
  const [nothingToCopy, copied] = counts.backups;
  return {
    plan: usageOf(counts.plan),
    apply: usageOf(counts.apply),
    alarm: usageOf(counts.alarm),
    backup: usageOf(nothingToCopy),
    backupOfState: minus(usageOf(copied), usageOf(nothingToCopy)),
    versions: counts.versions,
    databaseBytes: counts.databaseBytes,
    keepsHistory: true,
  };
}

interface Seen {
  readonly counts: Counts;
  /** In the bucket of the states, in the end. */
  readonly objects: number;
}

/**
 * The counting Worker, started for each thing that is counted: Cloudflare, too, has evicted it since the last plan, so
 * passwords are checked and objects read their tables anew.
 */
class ColdWorker {
  readonly password = randomUUID();
  /** The first start finds a free one, and the others take it again. */
  private port = 0;

  private constructor(
    private readonly script: string,
    private readonly persist: string,
    private readonly signal: AbortSignal,
  ) {}

  static async create(persist: string, signal: AbortSignal): Promise<ColdWorker> {
    const script = await bundleWorker(join(__dirname, "counting-worker.ts"));
    const worker = new ColdWorker(script, persist, signal);
    await worker.during(async () => undefined); // finds a port
    return worker;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What the work took, with what follows of it within a minute. */
  async during(work: () => Promise<unknown>): Promise<Seen> {
    const vars = { TFSTATE_USERNAME: OWNER, TFSTATE_PASSWORD: this.password };
    const { script, port, persist } = this;
    this.signal.throwIfAborted();
    const miniflare = await startWorker({ vars, script, port, persist });
    try {
      this.port = Number((await miniflare.ready).port);
      await work();
      return (await this.ask("/~minute-later")) as Seen;
    } finally {
      await miniflare.dispose();
    }
  }

  /** @throws where the answer is an error */
  async ask(path: string, method = "GET", body?: object): Promise<unknown> {
    const authorization = `Basic ${Buffer.from(`${OWNER}:${this.password}`).toString("base64")}`;
    const response = await fetch(this.origin + path, {
      method,
      headers: { authorization },
      body: body && JSON.stringify(body),
      signal: this.signal,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text.startsWith("{") ? JSON.parse(text) : text;
  }
}

/** Plans and applies of another state, without OpenTofu. */
async function databaseGrowth(worker: ColdWorker): Promise<WorkerCounts["databaseBytes"]> {
  const grown = { plan: 0, apply: 0 };
  await worker.during(async () => {
    const state = (await worker.ask(`/states/${STATE}`)) as { readonly serial: number };
    const cycle = async (name: string, serial?: number): Promise<void> => {
      const ID = randomUUID();
      const Info = "";
      const lock = { ID, Operation: "OperationTypeApply", Info, Who: "someone@somewhere", Version: "1.12.6" };
      await worker.ask(`/states/${name}/lock`, "LOCK", lock);
      if (serial !== undefined) await worker.ask(`/states/${name}?ID=${ID}`, "POST", { ...state, serial });
      await worker.ask(`/states/${name}/lock`, "UNLOCK", lock);
    };
    const size = async () => {
      const answer = await worker.ask(`/~size/${OWNER}/another`);
      return (answer as { readonly databaseBytes: number }).databaseBytes;
    };
    await cycle("another", state.serial);
    const start = await size();
    for (let at = 0; at < CYCLES; at++) await cycle("another");
    const planned = await size();
    for (let at = 1; at <= CYCLES; at++) await cycle("another", state.serial + at);
    grown.plan = (planned - start) / CYCLES;
    grown.apply = ((await size()) - planned) / CYCLES;
  });
  return grown;
}
