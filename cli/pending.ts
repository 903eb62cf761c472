import { Command } from "commander";
import { ConfigError, loadFromEnv } from "../config";
import { table } from "../process/table";
import { apiOptionsFrom, ProxmoxApi, ProxmoxError } from "../proxmox/api";
import { type PendingOfNode, readPendingChanges } from "../proxmox/pending-changes";
import { SecretsError } from "../secrets/errors";
import { ToolchainError } from "../toolchain";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { loadSecrets } from "./load-secrets";

/* `npm run pending [-- --json]`: what waits for the next start of each VM. */

/** The exit codes; as with `tofu plan -detailed-exitcode`, 1 is an error and 2 is a difference. */
const EXIT = { nothingWaits: 0, notRead: 1, changesWait: 2 } as const;

async function main(env: NodeJS.ProcessEnv, argv: readonly string[]): Promise<void> {
  const program = new Command("npm run pending --")
    .description("lists the changes that wait for the next start of each VM of the cluster")
    .option(...CLUSTER_OPTION)
    .option("--json", "print one JSON document instead of a table")
    .addHelpText(
      "after",
      "\nexit codes: 0 nothing waits, 1 Proxmox or a VM cannot be read, 2 changes wait\n" +
        "environment: PROXMOX_VE_API_TOKEN; PROXMOX_VE_ENDPOINT, PROXMOX_VE_INSECURE and SSL_CERT_FILE as for the provider",
    )
    .allowExcessArguments(false);
  const { json, cluster } = program.parse(argv).opts<{ json?: boolean; cluster?: string }>();
  chooseCluster(cluster, env);
  await loadSecrets(env);

  const { config } = loadFromEnv({ env });
  const api = new ProxmoxApi(apiOptionsFrom(env, config.proxmox));
  const nodes = await readPendingChanges(
    api,
    config.nodes.map(({ name, vmId }) => ({ name, vmId })),
  );
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

main(process.env, process.argv).catch((error: unknown) => {
  // No stack trace for what the user can mend.
  const kinds = [ConfigError, ProxmoxError, SecretsError, ToolchainError];
  if (!kinds.some((each) => error instanceof each)) throw error;
  console.error((error as Error).message);
  process.exitCode = EXIT.notRead;
});
