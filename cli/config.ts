// `npm run config -- show`: what a cluster is, with everything that its files leave out. `inventory`: the same for Ansible.
import { Command } from "commander";
import { inventoryOf, leftToDeploy } from "../ansible/inventory";
import { findClusterFiles, loadFromEnv } from "../config";
import { loadWithSource } from "../config/load-with-source";
import { completeClusterOf } from "../config/show";
import { showAsYaml } from "../config/show-yaml";
import { imagePrefix } from "../domain/talos-image";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { JSON_OPTION } from "./json-option";
import { run } from "./run";

interface ShowOptions {
  readonly json?: boolean;
}

function show({ json }: ShowOptions): void {
  const files = findClusterFiles({ clusterConfig: process.env.CLUSTER_CONFIG });
  const cluster = loadWithSource({ ...files, env: process.env });
  for (const line of [...cluster.warnings, ...cluster.notes]) console.error(line);
  console.log(json ? JSON.stringify(completeClusterOf(cluster), null, 2) : showAsYaml(cluster).trimEnd());
}

function inventory(): void {
  const { config, name, warnings, notes } = loadFromEnv({ env: process.env });
  for (const line of [...warnings, ...notes, ...leftToDeploy(config)]) console.error(line);
  console.log(JSON.stringify(inventoryOf(config, imagePrefix(name)), null, 2));
}

const program = new Command()
  .description("show the cluster that the files describe")
  .option(...CLUSTER_OPTION)
  .hook("preAction", (command) => chooseCluster(command.opts<{ cluster?: string }>().cluster, process.env))
  .addHelpText("afterAll", "\nexit codes: 0 printed, 1 a mistake in the files");
program
  .command("show")
  .description(
    "print the cluster with all defaults, derived values and the nodes of pools, each with the line that it comes from; " +
      "the output is a cluster.yaml of the same cluster",
  )
  .option(...JSON_OPTION)
  .action(show);

program
  .command("inventory")
  .description("print the nodes as an inventory for the playbooks in ansible/, as JSON")
  .action(inventory);

run("config", program);
