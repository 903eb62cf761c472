import { join } from "node:path";
import { loadOwnCluster } from "../../config";
import { loggedRun } from "../../run/logged-run";
import { shown } from "../../run/shown";
import { step } from "../../run/step";
import { Tofu } from "../../run/tofu";
import { startProxmox } from "../proxmox";
import { resolveToolchain } from "../toolchain";
import { appliedVms } from "./applied-vms";
import type { LocalFolder } from "./folder";
import { standInFor } from "./stand-in";
import type { Summary } from "./summary";

const STACK = "cluster";

export interface StartClusterProps {
  readonly root: string;
  readonly folder: LocalFolder;
  readonly signal: AbortSignal;
  /** Takes what must be stopped at the end, however that comes. */
  readonly atEnd: (stop: () => Promise<void>) => void;
}

/**
 * From `cluster.yaml` to VMs on the stand-in Proxmox, step by step.
 * @throws what the step that failed has thrown
 */
export async function startCluster(props: StartClusterProps): Promise<Summary> {
  const { root, folder, signal, atEnd } = props;

  const { source, config } = await step("Config", async ({ result }) => {
    const { config, clusterFile, isExample } = loadOwnCluster({
      env: { CLUSTER_CONFIG: process.env.CLUSTER_CONFIG, STATE_BACKEND: "local" },
      exampleFolder: join(root, "examples/six-nodes"),
    });
    const source = `${shown(clusterFile)}${isExample ? " (the example: there is no cluster.yaml here)" : ""}`;
    result(`${config.nodes.length} nodes of ${source}`);
    return { source, config };
  });

  const toolchain = await step("Toolchain", async ({ say, result }) => {
    const toolchain = await resolveToolchain({ report: say, signal });
    result(`OpenTofu ${toolchain.version}`);
    return toolchain;
  });

  const proxmox = await step("Stand-in Proxmox", async ({ result }) => {
    const proxmox = await startProxmox({ ...standInFor(config), dataDir: folder.proxmox });
    atEnd(() => proxmox.stop());
    result(proxmox.endpoint);
    return proxmox;
  });

  const env: NodeJS.ProcessEnv = {
    ...withoutProxmox(process.env),
    ...toolchain.env,
    ...proxmox.env,
    STATE_BACKEND: "local",
    TF_VAR_state_passphrase: folder.passphrase(),
    TF_IN_AUTOMATION: "1",
  };

  await step("Synth", async ({ follow, result }) => {
    const args = ["synth", "--output", folder.synthesized];
    const log = join(folder.logs, "synth.log");
    // In CI, cdktf draws no spinner.
    await loggedRun({
      file: "cdktf",
      args,
      cwd: root,
      env: { ...env, CI: "true" },
      log,
      signal,
      again: "npm start",
      onLine: follow,
    });
    result(shown(join(folder.synthesized, "stacks", STACK, "cdk.tf.json")));
  });

  const tofu = new Tofu({
    file: toolchain.tofu,
    stackFolder: join(folder.synthesized, "stacks", STACK),
    logs: folder.logs,
    env,
    signal,
    again: "npm start",
  });
  const vms = await step("Deploy", async ({ say, follow, result }) => {
    say(
      `state goes to ${shown(folder.state)}, encrypted with the passphrase in ${shown(folder.passphraseFile)}`,
    );
    await tofu.init(follow, [`path=${folder.state}`]);
    await tofu.apply(follow);
    const vms = appliedVms(await tofu.show());
    result(`${vms.length} VMs`);
    return vms;
  });

  await step("Second plan", async ({ follow, result }) => {
    if (await tofu.plan(follow)) {
      const log = join(folder.logs, "plan.log");
      throw new Error(
        `the second plan is not empty, which is a fault of this program; it is in ${shown(log)}`,
      );
    }
    result("empty");
  });

  return { source, vms, toolchain, proxmox, folder };
}

/** A real Proxmox that the shell is set up for is none of our business. */
const withoutProxmox = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("PROXMOX_VE_")));
