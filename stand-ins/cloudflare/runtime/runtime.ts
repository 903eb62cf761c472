import type { Miniflare } from "miniflare";
import { startMiniflare } from "../../../worker/miniflare";
import type { Account } from "../account";
import type { AccountState, Bucket, Script } from "../model";
import { bucketsInUse } from "../r2/bindings";
import { type Bucket as Objects, R2Gateway } from "../s3";
import { Gate } from "./gate";
import { runtimeOptions } from "./options";
import { startFailure } from "./start-failure";

const MAX_SAID = 4000;

/** Runs the account's Workers and keeps its objects, all in one workerd that restarts when a Worker changes. */
export class WorkersRuntime {
  private readonly gate = new Gate();
  private readonly gateway = new R2Gateway();
  private miniflare: Miniflare | undefined;
  /** The buckets that the running workerd knows. */
  private buckets: string | undefined;
  /** The last that workerd wrote, for an error. */
  private said = "";

  constructor(
    private readonly account: Account,
    private readonly folder: string,
    private readonly log: ((text: string) => void) | undefined,
  ) {}

  /**
   * Runs what the account has now. Requests wait meanwhile, for less than a second.
   * @throws where workerd does not start with it; then nothing runs until the next call
   */
  async reload(): Promise<void> {
    await this.gate.alone(() => this.restart());
  }

  /**
   * Runs a new version of a script with all else, and only then makes it one of the account's: what does not run is
   * never saved.
   * @throws where workerd does not start with it; then nothing runs until the next call
   */
  async deploy(script: Script): Promise<void> {
    await this.gate.alone(async () => {
      const { state } = this.account;
      await this.restart({ ...state, scripts: { ...state.scripts, [script.name]: script } });
      state.scripts[script.name] = script;
    });
  }

  /** For the time of a request: no restart until what is returned is called. */
  async enter(): Promise<() => void> {
    // A bucket that is new or locked anew needs no restart until somebody uses a bucket.
    if (this.isBehind()) await this.gate.alone(async () => this.isBehind() && this.restart());
    return this.gate.enter();
  }

  /** The objects of a bucket; use them between `enter` and its end. */
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

  /** Where workerd itself takes the requests of a Worker; call it between `enter` and its end. */
  async address(script: string): Promise<URL> {
    return this.running().unsafeGetDirectURL(script);
  }

  /** Lets a Worker's `scheduled` handler run. @returns its outcome, `ok` or what went wrong */
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
    await this.gate.alone(async () => this.miniflare?.dispose());
  }

  private running(): Miniflare {
    if (!this.miniflare) throw new Error("workerd is not running");
    return this.miniflare;
  }

  private isBehind(): boolean {
    return this.buckets !== bucketsInUse(this.account.state);
  }

  private async restart(state: AccountState = this.account.state): Promise<void> {
    const options = runtimeOptions(state, this.gateway, this.folder, (text) => {
      this.said = `${this.said}${text}`.slice(-MAX_SAID);
      this.log?.(text);
    });
    const buckets = bucketsInUse(state);
    this.buckets = undefined;
    this.said = "";
    try {
      if (this.miniflare) await this.miniflare.setOptions(options);
      else this.miniflare = await startMiniflare(options);
    } catch (error) {
      throw new Error(startFailure(this.said) || (error as Error).message);
    }
    this.buckets = buckets;
  }
}
