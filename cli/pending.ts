import { Command } from "commander";
import { loadFromEnv } from "../config";
import { table } from "../process/table";
import { waiting } from "../process/waiting";
import { apiOptionsFrom, ProxmoxApi } from "../proxmox/api";
import { type PendingOfNode, readPendingChanges } from "../proxmox/pending-changes";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { JSON_OPTION } from "./json-option";
import { loadSecrets } from "./load-secrets";
import { run } from "./run";

/* `npm run pending [-- --json]`: what waits for the next start of each VM. */

/** The exit codes; as with `tofu plan -detailed-exitcode`, 1 is an error and 2 is a difference. */
const EXIT = { nothingWaits: 0, notRead: 1, changesWait: 2 } as const;

interface PendingOptions {
  readonly json?: boolean;
  readonly cluster?: string;
}

async function pending({ json, cluster }: PendingOptions, env = process.env): Promise<void> {
  chooseCluster(cluster, env);
  await loadSecrets(env);
  const { config } = loadFromEnv({ env });
  const api = new ProxmoxApi(apiOptionsFrom(env, config.proxmox));
  const vms = config.nodes.map(({ name, vmId }) => ({ name, vmId }));
  const nodes = await waiting("reading the VMs from Proxmox", () => readPendingChanges(api, vms));
  if (json) console.log(JSON.stringify({ nodes }, null, 2));
  else print(nodes);
  if (nodes.some(({ error }) => error !== undefined)) process.exitCode = EXIT.notRead;
  else if (nodes.some(({ changes }) => changes.length > 0)) process.exitCode = EXIT.changesWait;
  else process.exitCode = EXIT.nothingWaits;
}

function print(nodes: readonly PendingOfNode[]): void {
  for (const { name, error } of nodes) if (error !== undefined) console.error(`${name}: ${error}`);
  const rows = nodes.flatMap(({ name, vmId, host, changes }) =>
    changes.map(({ key, current, pending }) => [
      name,
      String(vmId),
      host ?? "",
      key,
      String(current ?? "(none)"),
      String(pending ?? "(removed)"),
    ]),
  );
  const read = nodes.filter(({ error }) => error === undefined).length;
  if (rows.length > 0)
    console.log(table(["node", "vm", "host", "option", "now", "after the next start"], rows));
  else if (read > 0) console.log(`nothing waits for a restart (VMs read: ${read})`);
}

run(
  "pending",
  new Command()
    .description("list the changes that wait for the next start of each VM of the cluster")
    .option(...CLUSTER_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      "\nexit codes: 0 nothing waits, 1 Proxmox or a VM cannot be read, 2 changes wait\n" +
        "environment: PROXMOX_VE_API_TOKEN; PROXMOX_VE_ENDPOINT, PROXMOX_VE_INSECURE and SSL_CERT_FILE as for the provider",
    )
    .action((options: PendingOptions) => pending(options)),
);
