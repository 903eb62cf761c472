import type { BootstrapConfig } from "../config";
import { BOOTSTRAP_MARKER_KEY } from "../config/state-location";
import type { Account } from "./account";
import { type Marker, MarkerObject, type StoredMarker } from "./marker";
import type { WorkDir } from "./work-dir";

export interface OwnershipProps {
  readonly config: BootstrapConfig;
  readonly cluster: string;
  readonly account: Account;
  readonly workDir: WorkDir;
  /** Names that are taken over although they are there and not in the marker. @default - none */
  readonly adopt?: readonly string[];
}

/** Something of the stack that has a name in the account. */
export interface NamedResource {
  /** Such as `bucket/tfstate`. */
  readonly name: string;
  /** Its address in the stack. */
  readonly address: string;
  /** Its id for an import; a token has none, since an import would not tell its value. */
  readonly importId?: string;
  readonly exists: () => Promise<boolean>;
}

/**
 * Decides what in the account is this cluster's. A marker object in the bucket of the states lists it, and nothing else
 * counts. Each name is put into the marker before it is made, and only while the account has nothing of that name. So
 * whatever has a name of the marker was made by this cluster's bootstrap, also where it is in no state.
 */
export class Ownership {
  private readonly bucketName: string;
  private readonly names: readonly string[];
  private readonly adopt: readonly string[];

  constructor(private readonly props: OwnershipProps) {
    this.bucketName = `bucket/${props.config.bucket}`;
    this.names = this.namedResources().map(({ name }) => name);
    this.adopt = props.adopt ?? [];
    const unknown = this.adopt.find((name) => !this.names.includes(name));
    if (unknown) throw new Error(`--adopt ${unknown} is none of ${this.names.join(", ")}`);
  }

  /** Whether the account has the bucket of the states. */
  hasBucket(): Promise<boolean> {
    return this.props.account.hasBucket(this.props.config.bucket);
  }

  /**
   * Makes the bucket with its marker, or finds both. It can be repeated.
   * @throws where something of the stack's names is there and not this cluster's: then nothing was made
   */
  async ensureBucket(): Promise<void> {
    const { account, workDir, config, cluster } = this.props;
    const isThere = await this.hasBucket();
    const marker = isThere ? await this.readMarker() : undefined;
    await this.refuseForeign(marker);
    if (!isThere) {
      workDir.unmarkedBucket.write(this.bucketId);
      await account.createBucket(config.bucket).catch((error: Error) => {
        // Somebody else has made it just now.
        if (error.message.includes(" answers 409: ")) workDir.unmarkedBucket.remove();
        throw error;
      });
    }
    const owns = union(marker?.owns ?? [this.bucketName], this.adopt);
    await (await this.markerObject()).write({ cluster, owns }, marker);
    workDir.unmarkedBucket.remove();
  }

  /**
   * The bucket of the states as a destroy finds it.
   * @returns whether it has a marker; one without is empty, and was left by an interrupted run in this work dir
   * @throws where it is not this cluster's
   */
  async requireBucket(): Promise<boolean> {
    const marker = await this.readMarker();
    await this.refuseForeign(marker, [this.bucketName]);
    return marker !== undefined;
  }

  /** To be called where there is no bucket. @throws where the account has other things of the stack's names */
  requireFreeNames(): Promise<void> {
    return this.refuseForeign(undefined);
  }

  /** What is this cluster's and in the account. */
  async owned(): Promise<readonly NamedResource[]> {
    const marker = await this.requireMarker();
    return (await this.existing()).filter(({ name }) => marker.owns.includes(name));
  }

  /** Puts all names of the stack into the marker. To be called right before an apply. @throws where one is taken */
  async claim(): Promise<void> {
    const marker = await this.requireMarker();
    await this.refuseForeign(marker);
    await this.writeOwns(union(marker.owns, this.names), marker);
  }

  /** Takes names out of the marker that the stack does not have any more. To be called after an apply. */
  async release(): Promise<void> {
    await this.writeOwns(this.names, await this.requireMarker());
  }

  /** Deletes the marker, and then the bucket, which has to be empty otherwise. */
  async deleteBucket(): Promise<void> {
    const { account, workDir, config } = this.props;
    workDir.unmarkedBucket.write(this.bucketId);
    await (await this.markerObject()).delete();
    await account.deleteBucket(config.bucket);
    workDir.unmarkedBucket.remove();
  }

  /** Everything of the stack that has a name in the account, the bucket of the states first. */
  private namedResources(): readonly NamedResource[] {
    const { account, config } = this.props;
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
      bucket(config.bucket, "cloudflare_r2_bucket.state"),
      bucket(config.backupBucket, "cloudflare_r2_bucket.backup"),
      ...(worker ? [script(worker.workerName)] : []),
      {
        name: `token/${token.tokenName}`,
        address: "cloudflare_account_token.s3",
        exists: async () => (await account.tokens()).length > 0,
      },
    ];
  }

  private async existing(): Promise<readonly NamedResource[]> {
    const found: NamedResource[] = [];
    for (const each of this.namedResources()) if (await each.exists()) found.push(each);
    return found;
  }

  /** @throws where the account has something of these names that neither the marker nor --adopt says to be ours */
  private async refuseForeign(marker: Marker | undefined, names = this.names): Promise<void> {
    const { cluster, config } = this.props;
    const isAnothers = marker !== undefined && marker.cluster !== cluster;
    const ours = union(this.adopt, isAnothers ? [] : (marker?.owns ?? (await this.unmarkedBucket())));
    const foreign = (await this.existing())
      .map(({ name }) => name)
      .filter((name) => names.includes(name) && !ours.includes(name));
    if (foreign.length === 0) return;
    const whose = isAnothers
      ? `${BOOTSTRAP_MARKER_KEY} in the bucket ${config.bucket} says that they are of cluster ${marker.cluster}`
      : `no ${BOOTSTRAP_MARKER_KEY} in a bucket ${config.bucket} names them`;
    throw new Error(
      `account ${config.accountId} has ${foreign.join(", ")} already, and not from this cluster, ${cluster}: ${whose}. ` +
        "nothing was changed. where they are somebody else's, choose other names: state.bucket, " +
        "bootstrap.backup_bucket, bootstrap.worker.name, bootstrap.token.name. where they are this cluster's, adopt " +
        `them (an adopted token is replaced by a new one): npm run bootstrap -- ${foreign.map((name) => `--adopt ${name}`).join(" ")}`,
    );
  }

  /** The name of the bucket, if it is empty and an interrupted run in this work dir has left it. */
  private async unmarkedBucket(): Promise<readonly string[]> {
    const { account, workDir, config } = this.props;
    if (workDir.unmarkedBucket.read() !== this.bucketId || !(await this.hasBucket())) return [];
    const isEmpty = (await (await account.objects(config.bucket)).list("")).length === 0;
    return isEmpty ? [this.bucketName] : [];
  }

  /** The bucket among all that Cloudflare has: each jurisdiction has buckets of its own. */
  private get bucketId(): string {
    const { accountId, jurisdiction = "default", bucket } = this.props.config;
    return `${accountId}/${jurisdiction}/${bucket}`;
  }

  private async markerObject(): Promise<MarkerObject> {
    return new MarkerObject(await this.props.account.objects(this.props.config.bucket));
  }

  private async readMarker(): Promise<StoredMarker | undefined> {
    return (await this.markerObject()).read();
  }

  private async requireMarker(): Promise<StoredMarker> {
    const marker = await this.readMarker();
    if (marker) return marker;
    throw new Error(
      `the bucket ${this.props.config.bucket} has no ${BOOTSTRAP_MARKER_KEY} any more; somebody destroys it just now`,
    );
  }

  private async writeOwns(owns: readonly string[], marker: StoredMarker): Promise<void> {
    await (await this.markerObject()).write({ cluster: this.props.cluster, owns }, marker);
  }
}

const union = (one: readonly string[], other: readonly string[]) => [...new Set([...one, ...other])];
