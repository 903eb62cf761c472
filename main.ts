import "./fast-synth";
import { resolve } from "node:path";
import { Annotations, App } from "cdktf";
import { type BootstrapConfig, ConfigError, loadFromEnv, type NodeConfig } from "./config";
import { bootstrapState, stateBeside } from "./config/state-location";
import { PROXMOX_NODE } from "./domain/proxmox-names";
import { ClusterStack } from "./stacks/cluster-stack";
import type { StateProps } from "./stacks/cluster-stack-props";
import { ProxmoxAccessStack } from "./stacks/proxmox-access-stack";
import { skipCrossStackReferences } from "./stacks/skip-cross-stack-references";

/** Reads `cluster.yaml` and the environment, and synthesizes the stacks. Nothing else in a synth reads either of them. */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  // cdktf calls the deprecated util.isArray, and Node would print a warning at every synth.
  process.noDeprecation = true;
  const { config, warnings, notes } = loadFromEnv({ env });

  // cdktn accepts use_lockfile only if this target version is set. cdktf ignores the key.
  const app = new App({ targetVersions: { opentofu: ">=1.11.0" } } as object);
  // A value in a provider or backend block has priority over its environment variable. So leave it out if the variable is set.
  const endpoint = env.PROXMOX_VE_ENDPOINT ? undefined : config.proxmox.endpoint;
  const state = {
    ...config.state,
    accountId: env.AWS_ENDPOINT_URL_S3 ? undefined : config.state.accountId,
    path: config.state.path && resolve(config.state.path),
  };
  const cluster = new ClusterStack(app, "cluster", {
    ...config,
    proxmox: { ...config.proxmox, endpoint },
    state,
    allowReplace: replaceable(env.ALLOW_REPLACE, config.nodes),
    hostsDown: namesOfHostsDown(env.HOSTS_DOWN),
  });
  const access = new ProxmoxAccessStack(app, "proxmox-access", {
    endpoint,
    insecure: config.proxmox.insecure,
    state: stateBeside(state, "proxmox-access"),
    ha: config.proxmox.ha,
    startupOrder: config.nodes.some((node) => node.startup),
  });
  if (config.bootstrap) await addBootstrap(app, config.bootstrap, state, env);
  if (!env.TERRAFORM_BINARY_NAME && config.state.encryption.provider !== "off") {
    Annotations.of(cluster).addWarning(
      "cdktf runs Terraform unless TERRAFORM_BINARY_NAME=tofu is exported, and only OpenTofu can encrypt the state",
    );
  }
  for (const warning of warnings) Annotations.of(cluster).addWarning(warning);
  for (const note of notes) Annotations.of(cluster).addInfo(note);
  // Both are made of plain data and refer to no other stack.
  for (const stack of [cluster, access]) skipCrossStackReferences(stack);
  app.synth();
}

/** Loads its modules only when needed: the bindings and the bundler would slow down every other synth. */
async function addBootstrap(
  app: App,
  config: BootstrapConfig,
  state: StateProps,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { BootstrapStack } = require("./stacks/bootstrap-stack") as typeof import("./stacks/bootstrap-stack");
  const { deployableWorker } = require("./worker/deployable") as typeof import("./worker/deployable");
  new BootstrapStack(app, "bootstrap", {
    ...config,
    worker: config.worker && { ...config.worker, module: await deployableWorker() },
    state: bootstrapState(state),
    allowDestroy: env.ALLOW_DESTROY === "bootstrap",
  });
}

/** Parses ALLOW_REPLACE: `all`, or names of nodes separated by commas. @throws ConfigError for a name that no node has */
function replaceable(value = "", nodes: readonly NodeConfig[]): "all" | string[] {
  if (value === "all") return value;
  const names = splitNames(value);
  const known = nodes.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const text = `ALLOW_REPLACE names ${unknown.join(", ")}, which is no node of this cluster; use all, or some of ${known.join(", ")}`;
    throw new ConfigError([{ text }]);
  }
  return names;
}

/** Parses HOSTS_DOWN: names of Proxmox hosts and of nodes, separated by commas. Which hosts there are is known at plan. */
function namesOfHostsDown(value = ""): string[] {
  const names = splitNames(value);
  const bad = names.find((name) => !PROXMOX_NODE.regex.test(name));
  if (bad === undefined) return names;
  throw new ConfigError([{ text: `HOSTS_DOWN names ${JSON.stringify(bad)}, which ${PROXMOX_NODE.advice}` }]);
}

function splitNames(value: string): string[] {
  return value
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

main(process.env).catch((error: unknown) => {
  // For a mistake in cluster.yaml, the message is enough: no stack trace.
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});
