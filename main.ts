import "./fast-synth";
import { join, resolve } from "node:path";
import { Annotations, App } from "cdktf";
import { type BootstrapConfig, ConfigError, loadFromEnv } from "./config";
import { bootstrapState, stateBeside } from "./config/state-location";
import { ClusterStack } from "./stacks/cluster-stack";
import type { StateProps } from "./stacks/cluster-stack-props";
import { ProxmoxAccessStack } from "./stacks/proxmox-access-stack";
import { skipCrossStackReferences } from "./stacks/skip-cross-stack-references";

/** `cluster.yaml` and the environment in, `cdktf.out` out: the only place that reads either. */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  // cdktf calls util.isArray, and each synth would tell the user so.
  process.noDeprecation = true;
  const exampleFolder = join(__dirname, "examples/six-nodes");
  const { config, warnings, clusterFile, isExample } = loadFromEnv({ env, exampleFolder });

  // cdktn asks which OpenTofu a program targets before it lets use_lockfile through; cdktf does not know the key.
  const app = new App({ targetVersions: { opentofu: ">=1.11.0" } } as object);
  // What stands in a block of the provider or the backend wins over its environment variable: leave it out.
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
    allowReplace: namesIn(env.ALLOW_REPLACE),
  });
  const access = new ProxmoxAccessStack(app, "proxmox-access", {
    endpoint,
    state: stateBeside(state, "proxmox-access"),
    ha: config.proxmox.ha,
    startupOrder: config.nodes.some((node) => node.startup),
  });
  if (config.bootstrap) await addBootstrap(app, config.bootstrap, state, env);
  if (isExample) {
    Annotations.of(cluster).addInfo(
      `no cluster.yaml here and no CLUSTER_CONFIG: this is the example, ${clusterFile}`,
    );
  }
  if (!env.TERRAFORM_BINARY_NAME && config.state.encryption.provider !== "off") {
    Annotations.of(cluster).addWarning(
      "cdktf runs Terraform unless TERRAFORM_BINARY_NAME=tofu is exported, and only OpenTofu can encrypt the state",
    );
  }
  for (const warning of warnings) Annotations.of(cluster).addWarning(warning);
  // Both are made of plain data and take nothing from another stack.
  for (const stack of [cluster, access]) skipCrossStackReferences(stack);
  app.synth();
}

/** Loaded only where it is wanted: the bindings and the bundler would make every other synth slower. */
async function addBootstrap(
  app: App,
  config: BootstrapConfig,
  state: StateProps,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { BootstrapStack } = require("./stacks/bootstrap-stack") as typeof import("./stacks/bootstrap-stack");
  const { deployableWorker } = require("./worker/deployable") as typeof import("./worker/deployable");
  const { bucket: bucketName, backupBucket: backupBucketName, ...rest } = config;
  new BootstrapStack(app, "bootstrap", {
    ...rest,
    bucketName,
    backupBucketName,
    worker: config.worker && { ...config.worker, module: await deployableWorker() },
    state: bootstrapState(state),
    allowDestroy: env.ALLOW_DESTROY === "bootstrap",
  });
}

/** ALLOW_REPLACE: `all`, or names of nodes with commas between them. */
function namesIn(value = ""): "all" | string[] {
  if (value === "all") return value;
  return value
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

main(process.env).catch((error: unknown) => {
  // A mistake in cluster.yaml is for its author: no stack trace.
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});
