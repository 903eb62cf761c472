import type { Miniflare } from "miniflare";
import type { Account } from "../account";
import type { Bucket } from "../model";
import type { Bucket as Objects } from "../s3/storage/bucket";
import { R2Gateway } from "../s3/storage/gateway";
import { Gate } from "./gate";
import { runtimeOptions } from "./options";
import { startMiniflare } from "./workerd";

/** Runs the account's Workers and keeps its objects, all in one workerd that restarts when a Worker changes. */
export class WorkersRuntime {
  private readonly gate = new Gate();
  private readonly gateway = new R2Gateway();
  private miniflare: Miniflare | undefined;
  /** Storage ids of the buckets that the running workerd knows. */
  private buckets: ReadonlySet<string> = new Set();

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

  /** For the time of a request: no restart until what is returned is called. */
  async enter(): Promise<() => void> {
    // A new bucket needs no restart until somebody asks for an object.
    if (!this.knowsAllBuckets()) await this.reload();
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

  private knowsAllBuckets(): boolean {
    const { buckets } = this.account.state;
    return this.miniflare !== undefined && Object.values(buckets).every((b) => this.buckets.has(b.storageId));
  }

  private async restart(): Promise<void> {
    const { state } = this.account;
    const options = runtimeOptions(state, this.gateway, this.folder, this.log);
    const buckets = new Set(Object.values(state.buckets).map(({ storageId }) => storageId));
    if (this.miniflare) await this.miniflare.setOptions(options);
    else this.miniflare = await startMiniflare(options);
    this.buckets = buckets;
  }
}
