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
  /** The alarm of one state. */
  readonly alarm: Counts;
  /** A run of the cron trigger without any state, and one with a state that has changed. */
  readonly backups: readonly [Counts, Counts];
  /** Objects that an apply added to the bucket. */
  readonly versions: number;
  readonly databaseBytes: { readonly plan: number; readonly apply: number };
}

const OWNER = "owner";
const STATE = "cost";
/** A database grows by whole pages: so many cycles show how much a single one adds. */
const CYCLES = 300;

/** Counts what a plan and an apply of real OpenTofu make the Worker do, and what it does on a schedule. */
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
  await runCron(); // Creates the tables, which happens only once.
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

interface Observed {
  readonly counts: Counts;
  /** Objects in the bucket of the states afterwards. */
  readonly objects: number;
}

/**
 * The counting Worker, started anew for each thing that is counted. Cloudflare would have evicted it since the last
 * plan as well, so passwords are checked again and objects read their tables again.
 */
class ColdWorker {
  readonly password = randomUUID();
  /** The first start finds a free port; later starts use the same one. */
  private port = 0;

  private constructor(
    private readonly script: string,
    private readonly persist: string,
    private readonly signal: AbortSignal,
  ) {}

  static async create(persist: string, signal: AbortSignal): Promise<ColdWorker> {
    const script = await bundleWorker(join(__dirname, "counting-worker.ts"));
    const worker = new ColdWorker(script, persist, signal);
    await worker.during(async () => undefined);
    return worker;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Runs the Worker while `work` is done. @returns what that took, with everything that follows within a minute */
  async during(work: () => Promise<unknown>): Promise<Observed> {
    const vars = { TFSTATE_USERNAME: OWNER, TFSTATE_PASSWORD: this.password };
    const { script, port, persist } = this;
    this.signal.throwIfAborted();
    const { miniflare, url } = await startWorker({ vars, script, port, persist, believesHeaders: true });
    try {
      this.port = Number(url.port);
      await work();
      return (await this.ask("/~minute-later")) as Observed;
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

/** Measures how the database of another state grows, by the requests of plans and applies without OpenTofu. */
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
