import { constants, copyFileSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { r2Endpoint } from "../../domain/r2";
import { withPrivateFolder } from "../../process/private-folder";
import { openBucket } from "../../state/open-store";
import { snapshotName, takenPath, takeSnapshot } from "../change/safety-snapshot";
import type { Cluster } from "../cluster";
import { TalosError } from "../errors";
import { isControlPlane, type TalosNode } from "../node";
import { type AgeRecipients, encryptWithAge, findAge, hasRecipients } from "./age";

/** Where a snapshot goes. */
export type Destination =
  | { readonly file: string }
  /** `BUCKET` or `BUCKET/PREFIX` in R2. */
  | { readonly r2: string };

export interface SnapshotProps extends AgeRecipients {
  readonly destination: Destination;
  /** Whether a snapshot may leave this machine in plain text. */
  readonly allowUnencrypted: boolean;
  /** The control plane to ask. @default - the first one that answers */
  readonly node?: TalosNode;
  readonly now: Date;
}

export interface TakenSnapshot {
  /** Path of the file, or `r2 BUCKET/KEY`. */
  readonly where: string;
  readonly bytes: number;
  readonly encrypted: boolean;
  /** The control plane that it is of. */
  readonly node: string;
}

/**
 * Takes a snapshot of etcd: all of Kubernetes is in it, its Secrets too. What is there is never replaced.
 * @throws TalosError if nobody gives one, or it would leave this machine in plain text
 */
export async function snapshotTo(cluster: Cluster, props: SnapshotProps): Promise<TakenSnapshot> {
  const { destination, allowUnencrypted, now } = props;
  const encrypted = hasRecipients(props);
  if ("r2" in destination && !encrypted && !allowUnencrypted) {
    throw new TalosError(
      "the Secrets of Kubernetes are in a snapshot, and would be in R2 in plain text; name who can decrypt it with --recipient age1…, or pass --allow-unencrypted",
    );
  }
  if (props.node !== undefined && !isControlPlane(props.node)) {
    throw new TalosError(`${props.node.name} is a worker and has no etcd; name a control plane`);
  }
  if (encrypted) await findAge(cluster);
  const name = `${snapshotName(cluster.config.clusterName, now)}${encrypted ? ".age" : ""}`;
  const target = "r2" in destination ? r2Target(cluster, destination.r2, name) : fileTarget(destination.file);
  // On the disk: the memory that a user's own folder may be in is too small for a large etcd.
  return withPrivateFolder({}, async (folder) => {
    const plain = join(folder, "plain");
    const nodes = props.node === undefined ? cluster.nodes : [props.node];
    const node = await takeSnapshot({ talosctl: cluster.talosctl, nodes }, plain);
    const file = encrypted ? join(folder, "encrypted") : plain;
    if (encrypted) {
      await encryptWithAge(plain, file, props, cluster);
      rmSync(plain);
    }
    await target.keep(file);
    return { where: target.where, bytes: statSync(file).size, encrypted, node };
  });
}

interface Target {
  /** For people. */
  readonly where: string;
  readonly keep: (file: string) => Promise<void>;
}

function fileTarget(path: string): Target {
  if (existsSync(path)) throw takenPath(path);
  return {
    where: path,
    keep: async (file) => {
      try {
        // The mode goes along.
        copyFileSync(file, path, constants.COPYFILE_EXCL);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") throw takenPath(path);
        // Half a snapshot would look like one.
        rmSync(path, { force: true });
        throw error;
      }
    },
  };
}

function r2Target({ config, env }: Cluster, place: string, name: string): Target {
  const [bucket = "", ...prefix] = place.split("/").filter(Boolean);
  const { accountId, jurisdiction } = config.state;
  const key = [...prefix, name].join("/");
  const client = openBucket({ bucket, endpoint: accountId && r2Endpoint(accountId, jurisdiction) }, env);
  return {
    where: `r2 ${bucket}/${key}`,
    keep: async (file) => {
      const isNew = await client.put(key, readFileSync(file), "absent", "application/octet-stream");
      if (!isNew)
        throw new TalosError(`r2 ${bucket}/${key} exists, and a snapshot is never replaced; try again`);
    },
  };
}
