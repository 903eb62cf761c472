import { TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { CloudflareProvider } from "../constructs/cloudflare-provider";
import { type IStateBucket, StateBucket } from "../constructs/state-bucket";
import { StateToken, type StateTokenOptions } from "../constructs/state-token";
import { TfstateWorker, type TfstateWorkerOptions } from "../constructs/tfstate-worker";
import type { R2Jurisdiction, R2Location } from "../domain/r2";
import { RETENTION_DEFAULTS } from "../domain/retention";
import { backupBucketOf, DEFAULT_BUCKET } from "../domain/state";
import { backupPrefix } from "../domain/state-objects";
import type { StateProps } from "./cluster-stack-props";
import { configureState } from "./configure-state";

/** What a {@link BootstrapStack} is made of. Settings of buckets apply only to the buckets that the stack makes. */
export interface BootstrapStackProps {
  /** Id of the Cloudflare account, 32 hex digits. */
  readonly accountId: string;
  /** State bucket, if it exists already. @default - the stack makes one */
  readonly bucket?: IStateBucket;
  /** Name of the state bucket. @default "tfstate" */
  readonly bucketName?: string;
  /** Backup bucket, if it exists already. @default - the stack makes one */
  readonly backupBucket?: IStateBucket;
  /** Name of the backup bucket. @default - the name of the state bucket and `-backup` */
  readonly backupBucketName?: string;
  /** Where the data of the buckets must stay. @default - no restriction */
  readonly jurisdiction?: R2Jurisdiction;
  /** Preferred location of the buckets. @default - near the machine that creates them */
  readonly locationHint?: R2Location;
  /** Days for which nobody can delete an object of the history or a copy; 0 for no lock. @default 30 */
  readonly historyLockDays?: number;
  /** Days after which an object of the history is deleted; 0 for never. @default 730 */
  readonly historyDays?: number;
  /** Days after which a copy in the backup bucket is deleted; 0 for never. @default 365 */
  readonly backupDays?: number;
  /** The tfstate Worker, on both buckets. @default - no Worker: the S3 backend needs none */
  readonly worker?: TfstateWorkerOptions;
  /** The S3 key pair for the state bucket. @default - named after the bucket, may write, never expires */
  readonly token?: StateTokenOptions;
  /** Where the state of this stack is kept. @default - R2 with the settings of {@link StateProps} */
  readonly state?: StateProps;
  /** Whether a plan may destroy the buckets and the Worker. Before a destroy, apply once with it: that removes the bucket locks. @default false */
  readonly allowDestroy?: boolean;
}

/** Default number of days for which a backup is kept. */
export const BACKUP_DAYS = RETENTION_DEFAULTS.backupDays;

/**
 * The backend for the states of all stacks: a state bucket with a history that nobody can delete, a backup bucket, the
 * tfstate Worker, and an S3 key pair for the state bucket.
 *
 * Cloudflare's own credentials come from CLOUDFLARE_API_TOKEN.
 */
export class BootstrapStack extends TerraformStack {
  /** The state bucket. */
  readonly bucket: IStateBucket;
  /** The backup bucket. */
  readonly backupBucket: IStateBucket;
  /** The key pair of the S3 API for {@link bucket}. */
  readonly token: StateToken;
  /** Undefined if the props name none. */
  readonly worker?: TfstateWorker;

  /** @throws if a prop is not valid, or the Worker has no credentials at all. */
  constructor(scope: Construct, id: string, props: BootstrapStackProps) {
    super(scope, id);
    configureState(this, props.state);
    new CloudflareProvider(this, "cloudflare");

    checkProps(id, props);
    const { accountId, jurisdiction, locationHint, allowDestroy, historyLockDays } = props;
    const common = { accountId, jurisdiction, locationHint, allowDestroy, historyLockDays };
    this.bucket =
      props.bucket ??
      new StateBucket(this, "state", {
        ...common,
        bucketName: props.bucketName ?? DEFAULT_BUCKET,
        historyDays: props.historyDays,
      });
    const { bucketName } = this.bucket;
    this.backupBucket =
      props.backupBucket ??
      new StateBucket(this, "backup", {
        ...common,
        bucketName: props.backupBucketName ?? backupBucketOf(bucketName),
        historyPrefix: backupPrefix,
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
    output("state_bucket", "bucket of the states", nameOf(this.bucket));
    output("backup_bucket", "bucket of the copies", nameOf(this.backupBucket));
    if (this.worker) output("worker_name", "name of the Worker", this.worker.resource.scriptName);
    if (this.worker?.url) output("worker_url", "address of the Worker", this.worker.url);
    output("s3_access_key_id", "AWS_ACCESS_KEY_ID for the bucket", this.token.accessKeyId, true);
    output("s3_secret_access_key", "AWS_SECRET_ACCESS_KEY for the bucket", this.token.secretAccessKey, true);
  }
}

/** A reference if the program makes the bucket, so that users of the name depend on it. */
const nameOf = ({ resource, bucketName }: IStateBucket) => resource?.name ?? bucketName;

function checkProps(id: string, props: BootstrapStackProps): void {
  for (const key of ["bucket", "backupBucket"] as const) {
    const bucket = props[key];
    if (bucket && props[`${key}Name`] !== undefined) {
      throw new Error(
        `stack "${id}": ${key} has a name already, "${bucket.bucketName}"; leave ${key}Name out`,
      );
    }
    if (bucket && bucket.accountId !== props.accountId) {
      throw new Error(
        `stack "${id}": bucket "${bucket.bucketName}" is in account ${bucket.accountId}, the stack in ` +
          `${props.accountId}; give both the same account`,
      );
    }
  }
}
