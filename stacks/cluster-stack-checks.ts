import { Token } from "cdktf";
import { PropChecks } from "../constructs/prop-checks";
import { checkTalosTraffic } from "../constructs/talos-traffic-checks";
import { Address, Cidr } from "../domain/ip";
import { PROXMOX_NODE, STORAGE } from "../domain/proxmox-names";
import { secureBootObstacle } from "../domain/schematic";
import { RESOURCE_ADDRESS } from "../domain/state";
import { CLUSTER_NAME, DEFAULT_SIZE, NODE_ROLES, TALOS_MINIMUM } from "../domain/talos";
import { httpsUrlProblem } from "../domain/url";
import type { ClusterNodeProps, ClusterStackProps } from "./cluster-stack-props";

/** @throws for the first prop that is not valid. The constructs check the props of a single VM or image. */
export function checkClusterStackProps(id: string, props: ClusterStackProps): void {
  const { nodes, proxmox, adopt } = props;
  const checks = new PropChecks(`stack "${id}"`);
  if (nodes.length === 0) checks.fail("the cluster has no nodes");
  checks.text("clusterName", props.clusterName, CLUSTER_NAME);
  checks.textBy("proxmox.endpoint", proxmox.endpoint, httpsUrlProblem);
  checks.text("proxmox.imageStorage", proxmox.imageStorage, STORAGE);
  for (const storage of proxmox.sharedStorages ?? []) checks.text("proxmox.sharedStorages", storage, STORAGE);
  checks.text("adopt.vms", adopt?.vms, RESOURCE_ADDRESS);
  checkAllowReplace(checks, props);
  for (const name of props.hostsDown ?? []) checks.text("hostsDown", name, PROXMOX_NODE);
  checkAddresses(checks, props);
  if (props.firewall) checkTalosTraffic(props.firewall);
  for (const node of nodes) checkNode(node);
  checkDistinct(checks, nodes);
}

/** With a misspelt name, the guard would stay and nobody would know why. */
function checkAllowReplace(checks: PropChecks, { allowReplace = [], nodes }: ClusterStackProps): void {
  if (allowReplace === "all") return;
  const names = nodes.map((node) => node.name);
  const unknown = allowReplace.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  checks.fail(
    `allowReplace names "${unknown}", which is no node of this cluster; its nodes are ${names.join(", ")}`,
  );
}

function checkAddresses(checks: PropChecks, { network, nodes }: ClusterStackProps): void {
  const { nodeCidr, gateway } = network;
  if ([nodeCidr, gateway, ...nodes.map(({ address }) => address)].some(Token.isUnresolved)) return;
  checks.textBy("network.nodeCidr", nodeCidr, (text) =>
    Cidr.isValid(text) ? undefined : "is not a network; write it like 10.20.0.0/22",
  );
  const cidr = Cidr.parse(nodeCidr);
  const outside = (text: string) =>
    Address.isValid(text) && cidr.contains(Address.parse(text))
      ? undefined
      : `is not an address in ${cidr.text}; choose one`;
  checks.textBy("network.gateway", gateway, outside);
  for (const { name, address } of nodes) checks.textBy(`address of node "${name}"`, address, outside);
}

function checkNode({ name, role, disk, schematic, secureBoot, ...node }: ClusterNodeProps): void {
  const checks = new PropChecks(`node "${name}"`);
  checks.choice("role", role, NODE_ROLES);
  // Checked for each node: nodes share an image, and the first of them may name the schematic only by its id.
  const obstacle =
    secureBoot && schematic && !("id" in schematic) ? secureBootObstacle(schematic) : undefined;
  if (obstacle) checks.fail(`no Secure Boot image exists for this schematic: ${obstacle}`);
  const { cores = DEFAULT_SIZE.any.cores, sockets = DEFAULT_SIZE.any.sockets, memoryMiB } = node;
  const minimum = TALOS_MINIMUM[role];
  const atLeast = (prop: string, value: number | undefined, least: number) => {
    if (value === undefined || Token.isUnresolved(value) || value >= least) return;
    checks.fail(`${prop} ${value} is less than the ${least} that Talos needs on a ${role} node`);
  };
  if (!Token.isUnresolved(cores) && !Token.isUnresolved(sockets)) {
    atLeast("cores of all sockets", cores * sockets, minimum.cores);
  }
  atLeast("memoryMiB", memoryMiB, minimum.memoryMiB);
  atLeast("disk.sizeGiB", disk.sizeGiB, minimum.diskGiB);
}

function checkDistinct(checks: PropChecks, nodes: readonly ClusterNodeProps[]): void {
  const perNode = "give each node its own";
  checks.distinct(
    "name",
    nodes.map(({ name }) => name),
    perNode,
  );
  checks.distinct(
    "vmId",
    nodes.map(({ vmId }) => vmId),
    perNode,
  );
  checks.distinct(
    "address",
    nodes.map(({ address }) => (Address.isValid(address) ? Address.parse(address).text : address)),
    perNode,
  );
  const macAddresses = nodes.flatMap(({ networkInterfaces }) =>
    networkInterfaces.map(({ macAddress }) => macAddress?.toUpperCase()),
  );
  checks.distinct("macAddress", macAddresses, "give each network interface its own");
  checks.distinct(
    "renamedFrom",
    nodes.map(({ renamedFrom }) => renamedFrom),
    "one node can take over another's VM",
  );
  const names = new Set(nodes.map(({ name }) => name));
  const taken = nodes.find(({ renamedFrom }) => renamedFrom !== undefined && names.has(renamedFrom));
  if (taken !== undefined) {
    checks.fail(
      `renamedFrom "${taken.renamedFrom}" of node "${taken.name}" is the name of a node; leave out one of them`,
    );
  }
}
