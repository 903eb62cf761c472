import { TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { CloudflareProvider } from "../constructs/cloudflare-provider";
import { StateBucket } from "../constructs/state-bucket";
import { StateToken, type StateTokenProps } from "../constructs/state-token";
import { TfstateWorker, type TfstateWorkerProps } from "../constructs/tfstate-worker";
import type { R2Jurisdiction, R2Location } from "../domain/r2";
import { RETENTION_DEFAULTS } from "../domain/retention";
import { backupBucketOf, DEFAULT_BUCKET } from "../domain/state";
import type { StateProps } from "./cluster-stack-props";
import { keepState } from "./state";

export interface BootstrapStackProps {
  /** Id of the Cloudflare account, 32 hex digits. */
  readonly accountId: string;
  /** Bucket of the states. @default "tfstate" */
  readonly bucket?: string;
  /** Jurisdiction of both buckets. @default none */
  readonly jurisdiction?: R2Jurisdiction;
  /** Where both buckets are created, if Cloudflare can. @default near whoever creates them */
  readonly locationHint?: R2Location;
  /** Bucket of the Worker's copies. @default the name of `bucket` and `-backup` */
  readonly backupBucket?: string;
  /** For how many days nobody can delete an object of the history or a copy; 0 for no lock. @default 30 */
  readonly historyLockDays?: number;
  /** When an object of the history goes, in days; 0 for never. @default 730 */
  readonly historyDays?: number;
  /** When an old copy in the backup bucket goes, in days; 0 for never. @default {@link BACKUP_DAYS}: 365 */
  readonly backupDays?: number;
  /** The tfstate Worker, on both buckets. @default no Worker: the S3 backend needs none */
  readonly worker?: Omit<TfstateWorkerProps, "bucket" | "backupBucket" | "allowDestroy">;
  /** The key pair of the S3 API for the bucket. @default one named after the bucket that may write and never ends */
  readonly token?: Omit<StateTokenProps, "bucket">;
  /** Where the state of this stack is kept. @default R2 with the settings of {@link StateProps} */
  readonly state?: StateProps;
  /** Whether a plan may destroy the buckets and the Worker. Apply once with it: it takes back the lock. @default false */
  readonly allowDestroy?: boolean;
}

/** For how long a copy stays in the backup bucket, unless a program says otherwise. */
export const BACKUP_DAYS = RETENTION_DEFAULTS.backupDays;

/**
 * What keeps the states of all stacks, itself included: a bucket with a history that nobody can delete, a bucket for
 * copies, the tfstate Worker, and an S3 key pair for that one bucket.
 *
 * Cloudflare's own credentials come from CLOUDFLARE_API_TOKEN.
 */
export class BootstrapStack extends TerraformStack {
  /** Where the states are, with their history. */
  readonly bucket: StateBucket;
  /** Where the Worker's copies go. */
  readonly backupBucket: StateBucket;
  /** The key pair of the S3 API for {@link bucket}. */
  readonly token: StateToken;
  /** Undefined where the props name none. */
  readonly worker?: TfstateWorker;

  /** @throws where the account, a name, a time or a number of days is out of its range, or nobody could use the Worker. */
  constructor(scope: Construct, id: string, props: BootstrapStackProps) {
    super(scope, id);
    keepState(this, props.state);
    new CloudflareProvider(this, "cloudflare");

    const { bucket: bucketName = DEFAULT_BUCKET, allowDestroy, historyLockDays } = props;
    const { accountId, jurisdiction, locationHint } = props;
    const common = { accountId, jurisdiction, locationHint, allowDestroy, historyLockDays };
    this.bucket = new StateBucket(this, "state", { ...common, bucketName, historyDays: props.historyDays });
    this.backupBucket = new StateBucket(this, "backup", {
      ...common,
      bucketName: props.backupBucket ?? backupBucketOf(bucketName),
      // Where the Worker keeps its dated copies.
      historyPrefix: "versions/",
      historyDays: props.backupDays ?? BACKUP_DAYS,
    });
    this.worker =
      props.worker &&
      new TfstateWorker(this, "tfstate", {
        ...props.worker,
        bucket: this.bucket,
        backupBucket: this.backupBucket,
        allowDestroy,
      });
    this.token = new StateToken(this, "s3", { tokenName: bucketName, ...props.token, bucket: this.bucket });
    this.addOutputs();
  }

  private addOutputs(): void {
    const output = (name: string, description: string, value: string, sensitive?: boolean) =>
      new TerraformOutput(this, name, { description, value, sensitive, staticId: true });
    output("state_bucket", "bucket of the states", this.bucket.resource.name);
    output("backup_bucket", "bucket of the copies", this.backupBucket.resource.name);
    if (this.worker) output("worker_name", "name of the Worker", this.worker.resource.scriptName);
    if (this.worker?.url) output("worker_url", "address of the Worker", this.worker.url);
    output("s3_access_key_id", "AWS_ACCESS_KEY_ID for the bucket", this.token.accessKeyId, true);
    output("s3_secret_access_key", "AWS_SECRET_ACCESS_KEY for the bucket", this.token.secretAccessKey, true);
  }
}
