import type { BootstrapConfig } from "../config";
import { BOOTSTRAP_MARKER_KEY } from "../config/state-location";
import type { Account } from "./account";
import { type Marker, MarkerObject, type ReadMarker } from "./marker";
import type { WorkDir } from "./work-dir";

export interface OwnershipProps {
  readonly config: BootstrapConfig;
  readonly cluster: string;
  readonly account: Account;
  readonly workDir: WorkDir;
  /** Names that are taken over although they are there and not in the marker. @default none */
  readonly adopt?: readonly string[];
}

/** What is in the account, by its name: `bucket/tfstate`. */
export interface Thing {
  readonly name: string;
  /** Its address in the stack. */
  readonly address: string;
  /** Its id for an import; undefined for a token, whose value an import would not tell. */
  readonly importId?: string;
}

/**
 * Decides what in the account is this cluster's. A marker object in the bucket of the states lists it, and nothing else
 * counts. Each name is put into the marker before it is made, and only while the account has nothing of that name. So
 * whatever has a name of the marker was made by this cluster's bootstrap, also where it is in no state.
 */
export class Ownership {
  private readonly bucketName: string;

  constructor(private readonly props: OwnershipProps) {
    this.bucketName = `bucket/${props.config.bucket}`;
    const names = this.wanted.map(({ name }) => name);
    const unknown = this.adopt.find((name) => !names.includes(name));
    if (unknown) throw new Error(`--adopt ${unknown} is none of ${names.join(", ")}`);
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
      workDir.bucket.write(this.bucketId);
      await account.createBucket(config.bucket).catch((error: Error) => {
        // Somebody else has made it just now.
        if (error.message.includes(" answers 409: ")) workDir.bucket.remove();
        throw error;
      });
    }
    const owns = union(marker?.owns ?? [this.bucketName], this.adopt);
    if (marker?.cluster !== cluster || marker.owns.length < owns.length) {
      await (await this.markerObject()).write({ cluster, owns }, marker);
    }
    workDir.bucket.remove();
  }

  /**
   * The bucket of the states as a destroy finds it.
   * @returns whether it has a marker; without one it is empty, and a run was cut off here that made or deleted it
   * @throws where it is not this cluster's
   */
  async requireBucket(): Promise<boolean> {
    const marker = await this.readMarker();
    await this.refuseForeign(marker, [this.bucketName]);
    return marker !== undefined;
  }

  /** @throws where there is no bucket, and the account has other things of the stack's names */
  requireNothing(): Promise<void> {
    return this.refuseForeign(undefined);
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

  /** What is this cluster's and in the account. */
  async owned(): Promise<readonly Thing[]> {
    const marker = await this.requireMarker();
    return (await this.existing()).filter(({ name }) => marker.owns.includes(name));
  }

  /** Deletes the marker, and then the bucket, which has to be empty otherwise. */
  async deleteBucket(): Promise<void> {
    const { account, workDir, config } = this.props;
    workDir.bucket.write(this.bucketId);
    await (await this.markerObject()).delete();
    await account.deleteBucket(config.bucket);
    workDir.bucket.remove();
  }

  /** Everything of the stack that has a name of its own in the account. */
  private get wanted(): readonly Thing[] {
    const { accountId, bucket, backupBucket, jurisdiction = "default", worker, token } = this.props.config;
    const ofBucket = (name: string) => ({
      name: `bucket/${name}`,
      importId: `${accountId}/${name}/${jurisdiction}`,
    });
    const { workerName } = worker ?? {};
    return [
      { ...ofBucket(bucket), address: "cloudflare_r2_bucket.state" },
      { ...ofBucket(backupBucket), address: "cloudflare_r2_bucket.backup" },
      ...(workerName
        ? [
            {
              name: `worker/${workerName}`,
              address: "cloudflare_workers_script.tfstate",
              importId: `${accountId}/${workerName}`,
            },
          ]
        : []),
      { name: `token/${token.tokenName}`, address: "cloudflare_account_token.s3" },
    ];
  }

  private get names(): readonly string[] {
    return this.wanted.map(({ name }) => name);
  }

  private get adopt(): readonly string[] {
    return this.props.adopt ?? [];
  }

  /** The bucket among all buckets of Cloudflare: each jurisdiction has buckets of its own. */
  private get bucketId(): string {
    const { accountId, jurisdiction = "default", bucket } = this.props.config;
    return `${accountId}/${jurisdiction}/${bucket}`;
  }

  private async existing(): Promise<readonly Thing[]> {
    const { account } = this.props;
    const isThere = async (thing: Thing) => {
      const [kind, name = ""] = thing.name.split(/\/(.*)/s);
      if (kind === "bucket") return account.hasBucket(name);
      if (kind === "worker") return account.hasWorker(name);
      return (await account.tokens()).length > 0;
    };
    const found: Thing[] = [];
    for (const thing of this.wanted) if (await isThere(thing)) found.push(thing);
    return found;
  }

  /** @throws where the account has something of these names that neither the marker nor --adopt says to be ours */
  private async refuseForeign(marker: Marker | undefined, names = this.names): Promise<void> {
    const { cluster, config } = this.props;
    const isAnothers = marker !== undefined && marker.cluster !== cluster;
    const isOurs = (name: string) =>
      this.adopt.includes(name) || (!isAnothers && marker?.owns.includes(name));
    const isCutOff = marker === undefined && (await this.isUnmarkedByUs());
    const foreign = (await this.existing())
      .map(({ name }) => name)
      .filter((name) => names.includes(name) && !isOurs(name) && !(isCutOff && name === this.bucketName));
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

  /** Whether the bucket has nothing in it, and a run in this folder was cut off when it made the bucket or deleted it. */
  private async isUnmarkedByUs(): Promise<boolean> {
    const { account, workDir, config } = this.props;
    if (workDir.bucket.read() !== this.bucketId || !(await this.hasBucket())) return false;
    return (await (await account.objects(config.bucket)).list("")).length === 0;
  }

  private async markerObject(): Promise<MarkerObject> {
    return new MarkerObject(await this.props.account.objects(this.props.config.bucket));
  }

  private async readMarker(): Promise<ReadMarker | undefined> {
    return (await this.markerObject()).read();
  }

  private async requireMarker(): Promise<ReadMarker> {
    const marker = await this.readMarker();
    if (marker) return marker;
    const { bucket } = this.props.config;
    throw new Error(
      `the bucket ${bucket} has no ${BOOTSTRAP_MARKER_KEY} any more; somebody destroys it just now`,
    );
  }

  private async writeOwns(owns: readonly string[], marker: ReadMarker): Promise<void> {
    if (owns.join() === marker.owns.join()) return;
    await (await this.markerObject()).write({ cluster: this.props.cluster, owns }, marker);
  }
}

const union = (one: readonly string[], other: readonly string[]) => [...new Set([...one, ...other])];
