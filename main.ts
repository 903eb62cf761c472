import "./fast-synth";
import { resolve } from "node:path";
import { Annotations, App } from "cdktf";
import { ConfigError, type LoadedFromEnv, loadClusters } from "./config";
import { requireNodes, splitNames, talosApiEndpoints } from "./config/node-variables";
import { bootstrapState, stackId, stateBeside } from "./config/state-location";
import { PROXMOX_NODE } from "./domain/proxmox-names";
import { imagePrefix } from "./domain/talos-image";
import { ClusterStack } from "./stacks/cluster-stack";
import type { StateProps } from "./stacks/cluster-stack-props";
import { ProxmoxAccessStack } from "./stacks/proxmox-access-stack";
import "./stacks/resolve-plain-data";
import { skipCrossStackReferences } from "./stacks/skip-cross-stack-references";

/**
 * Reads `cluster.yaml` and the environment, and synthesizes the stacks. Nothing else in a synth reads either of them. A mistake
 * in them is printed, and sets the exit code of the process.
 *
 * @param addStacks adds stacks of one's own @default - none
 */
export function main(env: NodeJS.ProcessEnv, addStacks?: (app: App) => void): Promise<void> {
  return synthesizeAll(env, addStacks).catch((error: unknown) => {
    // For a mistake in cluster.yaml, the message is enough: no stack trace.
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  });
}

async function synthesizeAll(env: NodeJS.ProcessEnv, addStacks?: (app: App) => void): Promise<void> {
  // cdktf calls the deprecated util.isArray, and Node would print a warning at every synth.
  process.noDeprecation = true;
  const { chosen, bootstrapOwner } = loadClusters({ env });

  // cdktn accepts use_lockfile only if this target version is set. cdktf ignores the key.
  const app = new App({ targetVersions: { opentofu: ">=1.11.0" } } as object);
  const granted: Granted = {
    replace: replaceable(env.ALLOW_REPLACE, chosen),
    newSecrets: newSecrets(env.ALLOW_NEW_SECRETS, chosen),
    apiEndpoints: talosApiEndpoints(env.TALOS_API_ENDPOINTS, chosen),
  };
  for (const cluster of chosen) addCluster(app, cluster, granted, env);
  await addBootstrap(app, bootstrapOwner, env);
  addStacks?.(app);
  app.synth();
}

/** What the environment says of nodes and clusters by name. */
interface Granted {
  /** Nodes whose VMs a plan may replace. */
  readonly replace: "all" | readonly string[];
  /** `all`, or the cluster whose secrets a plan may destroy; empty for none. */
  readonly newSecrets: string;
  /** Where the Talos API of a node is reached, by its name. */
  readonly apiEndpoints: ReadonlyMap<string, string>;
}

/** Adds the stacks of one cluster. */
function addCluster(
  app: App,
  { config, name, warnings, notes }: LoadedFromEnv,
  granted: Granted,
  env: NodeJS.ProcessEnv,
): void {
  // A value in a provider or backend block has priority over its environment variable. So leave it out if the variable is set.
  const endpoint = env.PROXMOX_VE_ENDPOINT ? undefined : config.proxmox.endpoint;
  const state = stateOf(config, env);
  const cluster = new ClusterStack(app, stackId(name, "cluster"), {
    ...config,
    nodes: config.nodes.map((node) => ({
      ...node,
      talos: { ...node.talos, apiEndpoint: granted.apiEndpoints.get(node.name) },
    })),
    proxmox: { ...config.proxmox, endpoint, imagePrefix: imagePrefix(name) },
    state,
    // Of several clusters, each has only some of the nodes.
    allowReplace:
      granted.replace === "all"
        ? granted.replace
        : config.nodes.map((node) => node.name).filter((node) => granted.replace.includes(node)),
    hostsDown: namesOfHostsDown(env.HOSTS_DOWN),
    talos: config.talos && {
      ...config.talos,
      allowNewSecrets: ["all", config.clusterName].includes(granted.newSecrets),
    },
  });
  const access = new ProxmoxAccessStack(app, stackId(name, "proxmox-access"), {
    endpoint,
    insecure: config.proxmox.insecure,
    state: stateBeside(state, "proxmox-access"),
    ha: config.proxmox.ha,
    startupOrder: config.nodes.some((node) => node.startup),
    // Of several clusters, each may have its own user in one Proxmox.
    ...(name && { userId: `cdktf-${name}@pve`, roleId: `TalosProvisioner-${name}` }),
  });
  if (!env.TERRAFORM_BINARY_NAME && config.state.encryption.provider !== "off") {
    Annotations.of(cluster).addWarning(
      "cdktf runs Terraform unless TERRAFORM_BINARY_NAME=tofu is exported, and only OpenTofu can encrypt the state",
    );
  }
  for (const warning of warnings) Annotations.of(cluster).addWarning(warning);
  for (const note of notes) Annotations.of(cluster).addInfo(note);
  // Both are made of plain data and refer to no other stack.
  for (const stack of [cluster, access]) skipCrossStackReferences(stack);
}

function stateOf({ state }: LoadedFromEnv["config"], env: NodeJS.ProcessEnv): StateProps {
  return {
    ...state,
    accountId: env.AWS_ENDPOINT_URL_S3 ? undefined : state.accountId,
    path: state.path && resolve(state.path),
  };
}

/** Loads its modules only when needed: the bindings and the bundler would slow down every other synth. */
async function addBootstrap(app: App, { config }: LoadedFromEnv, env: NodeJS.ProcessEnv): Promise<void> {
  const { bootstrap } = config;
  if (bootstrap === undefined) return;
  const { BootstrapStack } = require("./stacks/bootstrap-stack") as typeof import("./stacks/bootstrap-stack");
  const { deployableWorker } = require("./worker/deployable") as typeof import("./worker/deployable");
  new BootstrapStack(app, "bootstrap", {
    ...bootstrap,
    worker: bootstrap.worker && { ...bootstrap.worker, module: await deployableWorker() },
    state: bootstrapState(stateOf(config, env)),
    allowDestroy: env.ALLOW_DESTROY === "bootstrap",
  });
}

/** Parses ALLOW_REPLACE: `all`, or names of nodes separated by commas. @throws ConfigError for a name that no node has */
function replaceable(value = "", clusters: readonly LoadedFromEnv[]): "all" | string[] {
  if (value === "all") return value;
  const names = splitNames(value);
  requireNodes("ALLOW_REPLACE", names, clusters, "use all, or some of");
  return names;
}

/** Parses ALLOW_NEW_SECRETS: `all`, or the name of a cluster. @throws ConfigError for another name */
function newSecrets(value = "", clusters: readonly LoadedFromEnv[]): string {
  const names = clusters.map(({ config }) => config.clusterName);
  if (["", "all", ...names].includes(value)) return value;
  const called =
    names.length === 1 ? `this cluster is called ${names[0]}` : `the clusters are called ${names.join(", ")}`;
  const text = `ALLOW_NEW_SECRETS names ${value}, but ${called}; name the cluster whose secrets a plan may destroy`;
  throw new ConfigError([{ text }]);
}

/** Parses HOSTS_DOWN: names of Proxmox hosts and of nodes, separated by commas. Which hosts there are is known at plan. */
function namesOfHostsDown(value = ""): string[] {
  const names = splitNames(value);
  const bad = names.find((name) => !PROXMOX_NODE.regex.test(name));
  if (bad === undefined) return names;
  throw new ConfigError([{ text: `HOSTS_DOWN names ${JSON.stringify(bad)}, which ${PROXMOX_NODE.advice}` }]);
}

// The package exports this file, for the program of a project that uses it.
if (require.main === module) void main(process.env);
