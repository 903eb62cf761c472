import { join } from "node:path";
import { Account } from "../bootstrap/account";
import { bootstrap } from "../bootstrap/bootstrap";
import { clientVariables } from "../bootstrap/export-env";
import { loadBootstrapSettings } from "../bootstrap/settings";
import { WorkDir } from "../bootstrap/work-dir";
import { type ClusterConfig, ConfigError, loadFromEnv } from "../config";
import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import { startCloudflare } from "../stand-ins/cloudflare";
import { startProxmox } from "../stand-ins/proxmox";
import { resolveToolchain } from "../toolchain";
import { Cluster, runSynth } from "./cluster";
import { commandsOf } from "./command";
import type { DemoFolder } from "./folder";
import { expectNodes, resolveKubernetesPrograms } from "./kubernetes";
import { DemoProject } from "./project";
import { proxmoxFor } from "./proxmox-options";
import { showRollback } from "./rollback";
import { showSecondClient } from "./second-client";
import { showLife } from "./show-life";
import type { Summary } from "./summary";
import { standInNodes } from "./talos-nodes";

export interface StartProps {
  readonly root: string;
  readonly folder: DemoFolder;
  readonly signal: AbortSignal;
  /** Whether a real Kubernetes API runs. */
  readonly kubernetes: boolean;
  /** Registers what has to be stopped at the end, also after an error. */
  readonly atEnd: (stop: () => Promise<void>) => void;
}

const OWNER = "owner";
/** The account ID to check a configuration with that names none. */
const ANY_ACCOUNT = "0".repeat(32);

/**
 * Creates everything from an empty account: the state backend on a stand-in Cloudflare, the cluster on a stand-in
 * Proxmox. Then shows what the cluster goes through, and what the tfstate Worker does.
 * @throws the error of the step that failed
 */
export async function start(props: StartProps): Promise<Summary> {
  const { root, folder, signal, atEnd } = props;

  const { source, project, whole } = await step("Config", async ({ result }) => {
    const { CLUSTER_CONFIG } = process.env;
    const env = { CLUSTER_CONFIG, STATE_BACKEND: "local", CLOUDFLARE_ACCOUNT_ID: ANY_ACCOUNT };
    const exampleFolder = join(root, "examples/six-nodes");
    const loaded = loadFromEnv({ env, exampleFolder });
    const { config, clusterFile, name, isExample } = loaded;
    if (name !== undefined) {
      const text = "is one of several clusters, and npm start shows one alone; copy the folder elsewhere";
      throw new ConfigError([{ at: { file: clusterFile }, text: `${text}, and name it in CLUSTER_CONFIG` }]);
    }
    const source = `${displayPath(clusterFile)}${isExample ? " (the example: there is no cluster.yaml here)" : ""}`;
    result(`${config.nodes.length} nodes of ${source}`);
    const project = new DemoProject(folder.project, loaded, env);
    return { source, project, whole: withWorker(project) };
  });
  const { clusterFile, config } = project;

  const toolchain = await step("Toolchain", async ({ say, result }) => {
    const toolchain = await resolveToolchain({ report: say, signal, cloudflare: "local", talos: "local" });
    result(`OpenTofu ${toolchain.version}`);
    return toolchain;
  });

  const programs = props.kubernetes && config.talos ? await resolveKubernetesPrograms(signal) : undefined;

  const proxmox = await step("Stand-in Proxmox", async ({ result }) => {
    const proxmox = await startProxmox({ ...proxmoxFor(whole), dataDir: folder.proxmox });
    atEnd(() => proxmox.stop());
    result(proxmox.endpoint);
    return proxmox;
  });

  const talos =
    config.talos &&
    (await standInNodes({ config: whole, proxmox, folder: folder.talos, kubernetes: programs, atEnd }));

  const cloudflare = await step("Stand-in Cloudflare", async ({ result }) => {
    const { accountId } = config.state;
    const cloudflare = await startCloudflare({
      folder: folder.cloudflare,
      accountId: accountId === ANY_ACCOUNT ? undefined : accountId,
    });
    atEnd(() => cloudflare.close());
    result(cloudflare.apiUrl);
    return cloudflare;
  });

  const { workerName = "tfstate", settings: workerSettings } = config.bootstrap?.worker ?? {};
  const workerUrl = `${cloudflare.workerUrl(workerName)}${workerSettings?.basePath ?? ""}`;
  const env: NodeJS.ProcessEnv = {
    ...withoutAccounts(process.env),
    ...toolchain.env,
    ...cloudflare.env,
    CLUSTER_CONFIG: clusterFile,
    STATE_BACKEND: "worker",
    STATE_URL: `${workerUrl}/states/proxmox`,
    TF_VAR_state_passphrase: folder.passphrase.read(),
    TF_VAR_tfstate_username: OWNER,
    TF_VAR_tfstate_password: folder.password.read(),
    TF_IN_AUTOMATION: "1",
  };

  const nodesEnv = () => ({ ...env, ...proxmox.env, ...talos?.(project.config) });
  // The state is not needed for it, and there is a second core.
  const early = runSynth({ root, folder, signal, env: nodesEnv() });
  early.catch(() => undefined);

  console.log("\nbootstrap: the buckets, the Worker and the token for all states");
  const settings = loadBootstrapSettings(env);
  const made = await bootstrap({
    root,
    settings,
    workDir: new WorkDir(folder.bootstrap),
    account: new Account(settings.bootstrap, env, signal),
    tofu: toolchain.tofu,
    env,
    signal,
    again: "npm start",
    approve: async () => true,
  });
  if (!made) throw new Error("the bootstrap was not carried out");

  console.log("\ncluster: its state is encrypted on this machine and kept at the Worker");
  const outputs = clientVariables(settings, made.outputs);
  const clusterEnv = (): NodeJS.ProcessEnv => ({ ...nodesEnv(), ...outputs });
  const synth = (begun?: Promise<void>) =>
    Cluster.synth({ root, folder, signal, tofu: toolchain.tofu, env: clusterEnv() }, begun);
  const cluster = await synth(early);
  const deployed = await cluster.deploy();
  const credentials = talos && (await cluster.saveCredentials(deployed));
  if (programs && credentials) {
    await expectNodes(programs.kubectl, credentials.kubeconfig, deployed.vms, signal);
  }
  await showSecondClient(cluster);

  if (credentials) {
    console.log("\nlife: a worker more, a new release of Talos, a worker less");
    await showLife({
      ...{ project, credentials, hasKubernetes: programs !== undefined, env: clusterEnv },
      command: commandsOf({ root, folder, signal }),
      deploy: async () => (await synth()).deployAgain(),
      folder: folder.snapshots,
    });
  }

  console.log("\nstate: what the Worker does");
  const { versions, vms } = await showRollback(cluster);

  return {
    source,
    copy: clusterFile,
    vms,
    versions,
    toolchain,
    proxmox,
    cloudflare,
    credentials,
    hasKubernetes: programs !== undefined,
    workerUrl,
    owner: OWNER,
    folder,
  };
}

/** With the worker that is added later: its stand-in is there from the start. */
function withWorker(project: DemoProject): ClusterConfig {
  try {
    return project.configWith(project.worker());
  } catch {
    // The step that would add it says why.
    return project.config;
  }
}

/** The environment without credentials of real accounts. */
const withoutAccounts = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(PROXMOX_VE|TALOS|CLOUDFLARE|AWS|TF_HTTP|STATE|TF_VAR)_|^TF_ENCRYPTION$/.test(name),
    ),
  );
