import type { BootstrapConfig } from "../config";
import { BOOTSTRAP_MARKER_KEY } from "../config/state-location";
import type { Account } from "./account";
import { type Marker, MarkerObject } from "./marker";
import type { WorkDir } from "./work-dir";

export interface OwnershipProps {
  readonly config: BootstrapConfig;
  readonly cluster: string;
  /** All clusters that share the resources; the marker may name any of them. @default - `cluster` alone */
  readonly clusters?: readonly string[];
  readonly account: Account;
  readonly workDir: WorkDir;
  /** Names to take over although the marker does not list them, such as `worker/tfstate`. @default - none */
  readonly adopt?: readonly string[];
}

/** A resource of the stack that has a name in the Cloudflare account. */
export interface NamedResource {
  /** Such as `bucket/tfstate`. */
  readonly name: string;
  /** Its address in the stack. */
  readonly address: string;
  /** Its id for `tofu import`. A token has none: Cloudflare does not show its value again. */
  readonly importId?: string;
  readonly exists: () => Promise<boolean>;
}

/**
 * Decides which resources of the account belong to this cluster. The marker object in the state bucket lists them by
 * name, and nothing else counts. A name is added before the resource is made, and only if the account has no resource of
 * that name. So the bootstrap of this cluster made every resource in the list, even one that the state does not know.
 */
export class Ownership {
  private readonly stateBucket: string;
  private readonly marker: MarkerObject;
  private readonly resources: readonly NamedResource[];
  private readonly names: readonly string[];
  private readonly adopt: readonly string[];

  constructor(private readonly props: OwnershipProps) {
    this.stateBucket = `bucket/${props.config.bucketName}`;
    this.marker = new MarkerObject(props.account, props.config.bucketName);
    this.resources = namedResources(props);
    this.names = this.resources.map(({ name }) => name);
    this.adopt = props.adopt ?? [];
    const unknown = this.adopt.find((name) => !this.names.includes(name));
    if (unknown) throw new Error(`--adopt ${unknown} is not one of ${this.names.join(", ")}`);
  }

  /** Whether the account has the state bucket. */
  hasBucket(): Promise<boolean> {
    return this.props.account.hasBucket(this.props.config.bucketName);
  }

  /**
   * Makes the state bucket and its marker where they are missing.
   * @throws if a resource has a name of the stack and does not belong to this cluster; then nothing was made
   */
  async ensureBucket(): Promise<void> {
    const { account, workDir, config, cluster } = this.props;
    const isThere = await this.hasBucket();
    const marker = isThere ? await this.marker.read() : undefined;
    await this.refuseForeign(marker);
    if (!isThere) {
      workDir.unmarkedBucket.write(this.bucketId);
      await account.createBucket(config.bucketName).catch((error: Error) => {
        // Somebody else has made it meanwhile.
        if (error.message.includes(" answers 409: ")) workDir.unmarkedBucket.remove();
        throw error;
      });
    }
    const owns = union(marker?.owns ?? [this.stateBucket], this.adopt);
    await this.marker.write({ cluster, owns }, marker);
    workDir.unmarkedBucket.remove();
  }

  /**
   * Checks the state bucket before a destroy.
   * @returns whether it has a marker; without one it is empty, and an interrupted run in this work dir has left it
   * @throws if it does not belong to this cluster
   */
  async requireBucket(): Promise<boolean> {
    const marker = await this.marker.read();
    await this.refuseForeign(marker, [this.stateBucket]);
    return marker !== undefined;
  }

  /** For an account without the state bucket. @throws if another resource of the stack's names exists */
  requireFreeNames(): Promise<void> {
    return this.refuseForeign(undefined);
  }

  /** The resources of this cluster that exist in the account. */
  async owned(): Promise<readonly NamedResource[]> {
    const marker = await this.marker.require();
    return (await this.existing()).filter(({ name }) => marker.owns.includes(name));
  }

  /** Adds all names of the stack to the marker, right before an apply. @throws if one of them is taken */
  async claim(): Promise<void> {
    const marker = await this.marker.require();
    await this.refuseForeign(marker);
    await this.marker.write({ cluster: this.props.cluster, owns: union(marker.owns, this.names) }, marker);
  }

  /** Removes names from the marker that the stack does not have any more, after an apply. */
  async release(): Promise<void> {
    const marker = await this.marker.require();
    await this.marker.write({ cluster: this.props.cluster, owns: this.names }, marker);
  }

  /** Deletes the marker, then the bucket. It must have no other objects. */
  async deleteBucket(): Promise<void> {
    const { account, workDir, config } = this.props;
    workDir.unmarkedBucket.write(this.bucketId);
    await this.marker.delete();
    await account.deleteBucket(config.bucketName);
    workDir.unmarkedBucket.remove();
  }

  private async existing(): Promise<readonly NamedResource[]> {
    const found: NamedResource[] = [];
    for (const each of this.resources) if (await each.exists()) found.push(each);
    return found;
  }

  /** @throws if the account has a resource of these names that neither the marker nor --adopt names */
  private async refuseForeign(marker: Marker | undefined, names = this.names): Promise<void> {
    const { cluster, clusters = [cluster], config } = this.props;
    const isAnothers = marker !== undefined && !clusters.includes(marker.cluster);
    const ours = union(this.adopt, isAnothers ? [] : (marker?.owns ?? (await this.unmarkedBucket())));
    const foreign = (await this.existing())
      .map(({ name }) => name)
      .filter((name) => names.includes(name) && !ours.includes(name));
    if (foreign.length === 0) return;
    const reason = isAnothers
      ? `${BOOTSTRAP_MARKER_KEY} in the bucket ${config.bucketName} says that they belong to cluster ${marker.cluster}`
      : `no ${BOOTSTRAP_MARKER_KEY} in a bucket ${config.bucketName} lists them`;
    throw new Error(
      `account ${config.accountId} has ${foreign.join(", ")} already, and this cluster, ${cluster}, does not own them: ${reason}. ` +
        "nothing was changed. if they belong to somebody else, choose other names: state.bucket, " +
        "bootstrap.backup_bucket, bootstrap.worker.name, bootstrap.token.name. if they belong to this cluster, adopt " +
        `them (an adopted token is replaced by a new one): npm run bootstrap -- ${foreign.map((name) => `--adopt ${name}`).join(" ")}`,
    );
  }

  /** The name of the state bucket, if it is empty and an interrupted run in this work dir has left it. */
  private async unmarkedBucket(): Promise<readonly string[]> {
    const { account, workDir, config } = this.props;
    if (workDir.unmarkedBucket.read() !== this.bucketId || !(await this.hasBucket())) return [];
    const isEmpty = (await (await account.objects(config.bucketName)).list("")).length === 0;
    return isEmpty ? [this.stateBucket] : [];
  }

  /** Identifies the state bucket. Two jurisdictions can have a bucket of the same name. */
  private get bucketId(): string {
    const { accountId, jurisdiction = "default", bucketName } = this.props.config;
    return `${accountId}/${jurisdiction}/${bucketName}`;
  }
}

/** The resources of the stack that have a name in the account, the state bucket first. */
function namedResources({ account, config }: OwnershipProps): readonly NamedResource[] {
  const { accountId, jurisdiction = "default", worker, token } = config;
  const bucket = (name: string, address: string): NamedResource => ({
    name: `bucket/${name}`,
    address,
    importId: `${accountId}/${name}/${jurisdiction}`,
    exists: () => account.hasBucket(name),
  });
  const script = (name: string): NamedResource => ({
    name: `worker/${name}`,
    address: "cloudflare_workers_script.tfstate",
    importId: `${accountId}/${name}`,
    exists: () => account.hasWorker(name),
  });
  return [
    bucket(config.bucketName, "cloudflare_r2_bucket.state"),
    bucket(config.backupBucketName, "cloudflare_r2_bucket.backup"),
    ...(worker ? [script(worker.workerName)] : []),
    {
      name: `token/${token.tokenName}`,
      address: "cloudflare_account_token.s3",
      exists: async () => (await account.tokens()).length > 0,
    },
  ];
}

const union = (one: readonly string[], other: readonly string[]) => [...new Set([...one, ...other])];
