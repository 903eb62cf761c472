import { setTimeout as sleep } from "node:timers/promises";
import { kubelet } from "../config/kubernetes-parts";
import type { MachineConfig } from "../config/machine-config";
import type { Machines } from "../machines";
import { install, startReboot } from "./lifecycle";
import type { Node } from "./node";

/** Makes a configuration that was checked the active one, at once or at the next boot. */
export async function takeConfig(
  machines: Machines,
  node: Node,
  config: MachineConfig,
  mode: "REBOOT" | "NO_REBOOT" | "STAGED" | "TRY",
  trySeconds: number,
): Promise<void> {
  const { state } = node;
  if (mode === "TRY") {
    revertLater(machines, node, trySeconds);
    await activate(machines, node, config.text);
    return;
  }
  node.trial?.abort();
  if (mode === "NO_REBOOT" && node.condition === "MAINTENANCE" && config.main) {
    await install(machines, node, config);
    return;
  }
  state.persistedConfig = config.text;
  machines.save();
  if (mode === "NO_REBOOT") await activate(machines, node, config.text);
  if (mode === "REBOOT") {
    node.rebootsForConfig = true;
    startReboot(machines, node);
  }
}

async function activate(machines: Machines, node: Node, text: string | undefined): Promise<void> {
  const before = imageOfKubelet(node);
  node.state.config = text;
  if (before === imageOfKubelet(node)) {
    await machines.applyChanges();
    return;
  }
  node.restarting = "kubelet";
  await machines.applyChanges();
  // A kubelet that is healthy has told the API of itself.
  await machines.kubernetes?.settled().catch(() => undefined);
  node.restarting = undefined;
  await machines.applyChanges();
}

const imageOfKubelet = ({ config }: Node): string | undefined => config && kubelet(config).image;

/** Goes back to the active configuration when the trial is over, unless another one is applied or the node goes down. */
function revertLater(machines: Machines, node: Node, seconds: number): void {
  // A second trial goes back to the configuration that was tried first, as on a real node.
  const before = node.state.config;
  node.trial?.abort();
  const trial = new AbortController();
  node.trial = trial;
  machines.runInBackground(async () => {
    const signal = AbortSignal.any([trial.signal, node.lifetime]);
    await sleep(seconds * 1000, undefined, { signal }).catch(() => {});
    if (!signal.aborted) await activate(machines, node, before);
  });
}
