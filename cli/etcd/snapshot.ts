import type { Command } from "commander";
import { step } from "../../process/step";
import { snapshotTo } from "../../talos/etcd/snapshot";
import { nodeNamed } from "../../talos/node";
import { addTalosOptions, runOnCluster, type TalosOptions } from "../talos-command";

interface SnapshotOptions extends TalosOptions {
  readonly r2?: string;
  readonly recipient?: readonly string[];
  readonly recipientsFile?: readonly string[];
  readonly allowUnencrypted?: boolean;
  readonly node?: string;
  readonly json?: boolean;
}

const collect = (value: string, before: readonly string[] = []) => [...before, value];

export function addSnapshotCommand(program: Command): void {
  const command = addTalosOptions(program.command("snapshot [file]"))
    .description("take a snapshot of etcd, into a new file or to R2. all Secrets of Kubernetes are in it")
    .option(
      "--r2 <bucket/prefix>",
      "keep it in this bucket of R2, below this prefix, under a name with the time",
    )
    .option("--recipient <key>", "encrypt it with age for this public key; may be repeated", collect)
    .option(
      "--recipients-file <file>",
      "encrypt it for the public keys in this file; may be repeated",
      collect,
    )
    .option("--allow-unencrypted", "let it go to R2 in plain text")
    .option("--node <name>", "the control plane to ask (default: the first one that answers)")
    .option("--json", "print one JSON document");
  command
    .addHelpText(
      "after",
      "\nexit codes: 0 taken, 1 not taken\nenvironment: as for npm run deploy, to read the state; with --r2 also " +
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_ENDPOINT_URL_S3",
    )
    .action((file: string | undefined, options: SnapshotOptions) => {
      if ((file === undefined) === (options.r2 === undefined)) {
        command.error("say where to: a new file, or --r2 BUCKET/PREFIX");
      }
      return take(options.r2 === undefined ? { file: file ?? "" } : { r2: options.r2 }, options);
    });
}

function take(destination: { file: string } | { r2: string }, options: SnapshotOptions): Promise<void> {
  return runOnCluster(options, async (cluster) => {
    const taken = await step("Snapshot of etcd", async ({ result }) => {
      const snapshot = await snapshotTo(cluster, {
        destination,
        recipients: options.recipient ?? [],
        files: options.recipientsFile ?? [],
        allowUnencrypted: options.allowUnencrypted ?? false,
        node: options.node === undefined ? undefined : nodeNamed(cluster.nodes, options.node),
        now: new Date(),
      });
      const { where, bytes, encrypted, node } = snapshot;
      result(`${where}, ${bytes} bytes ${encrypted ? "encrypted" : "in plain text"}, of ${node}`);
      return snapshot;
    });
    if (options.json) console.log(JSON.stringify(taken, null, 2));
    return 0;
  });
}
