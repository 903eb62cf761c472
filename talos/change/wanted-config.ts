import type { ClusterConfig } from "../../config";
import { resourceName } from "../../domain/virtual-machine";
import type { Cluster } from "../cluster";
import { compareConfigs } from "../diff/compare";
import { readWantedConfigs } from "../diff/wanted-configs";
import { TalosError } from "../errors";
import type { TalosNode } from "../node";
import { readMachineConfig } from "../read/machine-config";
import { readState, type StateOutputsProps } from "../state-outputs";

const GENERATED = "talos_machine_configuration";

export interface WantedConfigProps extends StateOutputsProps {
  readonly config: Pick<ClusterConfig, "talos">;
}

/**
 * The machine config that a node is to have, as the last deploy has made it: also one that failed, since a config which needs a reboot
 * is in the state although the node does not have it. Secrets are in it. Where they are out of the state, it is the config that the next
 * deploy would make.
 * @throws TalosError if there is none
 */
export async function wantedConfig(node: TalosNode, props: WantedConfigProps): Promise<string> {
  if (props.config.talos?.secrets === "out-of-state") return nextConfig(node, props);
  const { resources = [] } = await readState(props);
  const name = resourceName(node.name);
  const found = resources.find(
    (each) => each.mode === "data" && each.type === GENERATED && each.name === name,
  );
  const text = found?.instances[0]?.attributes?.machine_configuration;
  if (typeof text === "string" && text !== "") return text;
  throw new TalosError(
    `the state has no config for ${node.name}; run npm run deploy, which makes it, and then this command again`,
  );
}

async function nextConfig({ name }: TalosNode, props: StateOutputsProps): Promise<string> {
  const config = (await readWantedConfigs([name], props)).get(name);
  if (config !== undefined) return config;
  throw new TalosError(
    `the config of ${name} is only known at the next deploy; run npm run deploy, and then this command again`,
  );
}

/** Whether a node has a config already, or will have it after its next boot. @throws CallError */
export async function hasConfig(
  { talosctl }: Pick<Cluster, "talosctl">,
  node: TalosNode,
  config: string,
): Promise<boolean> {
  const { active, persistent } = await readMachineConfig(talosctl, node);
  const last = persistent ?? active;
  return last !== undefined && compareConfigs(last, config).length === 0;
}
