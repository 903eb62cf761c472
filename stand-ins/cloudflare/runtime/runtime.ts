import type { Miniflare } from "miniflare";
import { startMiniflare } from "../../../worker/miniflare";
import type { Account } from "../account";
import type { AccountState, Bucket, Script } from "../model";
import { bucketsInUse } from "../r2/bindings";
import { type Bucket as Objects, R2Gateway } from "../s3";
import { Gate } from "./gate";
import { runtimeOptions } from "./options";
import { startFailure } from "./start-failure";

const MAX_OUTPUT_CHARS = 4000;

/** Runs the account's Workers and stores its objects, in one workerd that restarts when a Worker changes. */
export class WorkersRuntime {
  private readonly gate = new Gate();
  private readonly gateway = new R2Gateway();
  private miniflare: Miniflare | undefined;
  /** The bucket configuration of the running workerd. */
  private runningBuckets: string | undefined;
  /** The latest output of workerd, for an error. */
  private output = "";

  constructor(
    private readonly account: Account,
    private readonly folder: string,
    private readonly log: ((text: string) => void) | undefined,
  ) {}

  /**
   * Restarts workerd with the current account. Requests wait for it, for less than a second.
   * @throws where workerd does not start; then no Worker runs until the next successful call
   */
  async reload(): Promise<void> {
    await this.gate.exclusive(() => this.restart());
  }

  /**
   * Restarts workerd with a new version of a script, and adds the version to the account only if that succeeds.
   * @throws where workerd does not start; then no Worker runs until the next successful call
   */
  async deploy(script: Script): Promise<void> {
    await this.gate.exclusive(async () => {
      const { state } = this.account;
      await this.restart({ ...state, scripts: { ...state.scripts, [script.name]: script } });
      state.scripts[script.name] = script;
    });
  }

  /** Prevents a restart during a request. @returns a function to call at the end of the request */
  async enter(): Promise<() => void> {
    // New buckets and lock rules cause a restart only here, when a bucket may be used.
    if (this.needsRestart()) await this.gate.exclusive(async () => this.needsRestart() && this.restart());
    return this.gate.enter();
  }

  /** The objects of a bucket. To be used only within `enter`. */
  objects({ storageId }: Bucket): Objects {
    return this.gateway.bucket(this.running(), storageId);
  }

  async isEmpty(bucket: Bucket): Promise<boolean> {
    const leave = await this.enter();
    try {
      const { objects } = await this.objects(bucket).list({ limit: 1 });
      return objects.length === 0;
    } finally {
      leave();
    }
  }

  /** The address at which workerd serves a Worker. To be used only within `enter`. */
  async address(script: string): Promise<URL> {
    return this.running().unsafeGetDirectURL(script);
  }

  /** Runs the `scheduled` handler of a Worker. @returns its outcome: `ok`, or the error */
  async schedule(script: string, cron: string): Promise<string> {
    const leave = await this.enter();
    try {
      const worker = await this.running().getWorker(script);
      const { outcome } = await worker.scheduled({ cron, scheduledTime: new Date() });
      return outcome;
    } finally {
      leave();
    }
  }

  async stop(): Promise<void> {
    await this.gate.exclusive(async () => this.miniflare?.dispose());
  }

  private running(): Miniflare {
    if (!this.miniflare) throw new Error("workerd is not running");
    return this.miniflare;
  }

  private needsRestart(): boolean {
    return this.runningBuckets !== bucketsInUse(this.account.state);
  }

  private async restart(state: AccountState = this.account.state): Promise<void> {
    const options = runtimeOptions(state, this.gateway, this.folder, (text) => {
      this.output = `${this.output}${text}`.slice(-MAX_OUTPUT_CHARS);
      this.log?.(text);
    });
    const buckets = bucketsInUse(state);
    this.runningBuckets = undefined;
    this.output = "";
    try {
      if (this.miniflare) await this.miniflare.setOptions(options);
      else this.miniflare = await startMiniflare(options);
    } catch (error) {
      throw new Error(startFailure(this.output) || (error as Error).message);
    }
    this.runningBuckets = buckets;
  }
}
