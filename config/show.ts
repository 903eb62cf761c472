import type { ClusterConfig, NodeConfig } from "./cluster-config";
import type { SourcedCluster } from "./load-with-source";
import type { ResolvedNode } from "./resolve-cluster";
import { bootstrap as bootstrapSchema } from "./schema/bootstrap";
import { type ClusterInput, clusterSchema } from "./schema/cluster";
import { node as nodeSchema } from "./schema/node";

/** Keys and values of `cluster.yaml`. */
export type ClusterData = Readonly<Record<string, unknown>>;

/**
 * The cluster as one complete file: with all defaults, all derived values, and the nodes of pools listed one by one. It describes
 * the same cluster as the files that it comes from.
 */
export function completeClusterOf({ config, resolved: { input, nodes } }: SourcedCluster): ClusterData {
  const { node_pools: _, ...known } = onlyKeys(input, Object.keys(clusterSchema.shape));
  return withoutUndefined({
    ...known,
    node_default_gateway: config.network.gateway,
    proxmox_ha: config.proxmox.ha,
    state: everythingOfState(config, input),
    bootstrap: everythingOfBootstrap(config, input),
    nodes: nodes.map((node) => everythingOfNode(node, input)),
  });
}

function everythingOfState({ state: { backend, url, accountId } }: ClusterConfig, input: ClusterInput) {
  return { ...input.state, backend, url, account_id: accountId };
}

function everythingOfBootstrap({ bootstrap: config }: ClusterConfig, input: ClusterInput) {
  if (config === undefined) return input.bootstrap;
  const given = input.bootstrap ?? bootstrapSchema.parse({});
  return {
    ...given,
    backup_bucket: config.backupBucketName,
    worker: { ...given.worker, name: config.worker?.workerName ?? given.worker.name },
    token: { ...given.token, name: config.token.tokenName },
  };
}

function everythingOfNode({ input, sizes, config }: ResolvedNode, cluster: ClusterInput): ClusterData {
  const hasNoSchematic = input.schematic_id === undefined && input.talos_schematic === undefined;
  const all: ClusterData = {
    ...input,
    vm_id: config.vmId,
    vm_cores: sizes.cores.value,
    vm_sockets: sizes.sockets.value,
    vm_memory: sizes.memory.value,
    vm_disk_size: sizes.disk_size.value,
    proxmox_node: config.host,
    disk_interface: config.diskInterface,
    disk_storage: config.disk.storage,
    talos_schematic: hasNoSchematic ? cluster.talos_schematic : input.talos_schematic,
    tpm: config.tpm,
    qemu_agent: config.agent,
    tags: config.tags,
    data_disks: input.data_disks.map((disk, index) => ({ ...disk, ...diskOf(config, index) })),
    networks: input.networks.map((network, index) => ({ ...network, ...networkOf(config, index) })),
    pci: input.pci?.map((device, index) => ({ ...device, pcie: config.pciDevices?.[index]?.pcie })),
  };
  return onlyKeys(all, Object.keys(nodeSchema.shape));
}

function diskOf({ dataDisks }: NodeConfig, index: number) {
  const { storage, discard, ssd, backup, replicate } = dataDisks[index] ?? {};
  return { storage, discard, ssd, backup, replicate };
}

function networkOf({ networkInterfaces }: NodeConfig, index: number) {
  const { bridge, queues } = networkInterfaces[index + 1] ?? {};
  return { bridge, queues };
}

/** In the order of `keys`. */
function onlyKeys(data: ClusterData, keys: readonly string[]): ClusterData {
  return Object.fromEntries(keys.map((key) => [key, data[key]]));
}

/** A copy without the keys whose value is undefined, at any depth. */
function withoutUndefined(data: ClusterData): ClusterData {
  return JSON.parse(JSON.stringify(data)) as ClusterData;
}
