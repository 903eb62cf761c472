import { Token } from "cdktf";
import { USER_VOLUME } from "../domain/disk";
import { HOST_LABEL } from "../domain/host-name";
import { Address, Cidr } from "../domain/ip";
import { isRoleLabel, LABEL_KEY, LABEL_VALUE, TAINT } from "../domain/kubernetes";
import { SCHEMATIC_ID } from "../domain/schematic";
import { CLUSTER_NAME, NODE_ROLES, TALOS_VERSION } from "../domain/talos";
import { SECRETS_PLACES } from "../domain/talos-secrets";
import {
  CONFIG_CONTRACTS,
  contractProblem,
  DEFAULT_CONFIG_CONTRACT,
  KUBERNETES_VERSION,
  kubernetesVersionProblem,
  talosVersionProblem,
} from "../domain/talos-versions";
import { apiEndpointProblem } from "../domain/url";
import { PropChecks } from "./prop-checks";
import type { TalosClusterNode, TalosClusterProps, TalosRoleOptions } from "./talos-cluster-props";

const ipProblem = (text: string) =>
  Address.isValid(text) ? undefined : "is not an IP address; write it like 10.20.1.10";
const cidrProblem = (text: string) =>
  Cidr.isValid(text) ? undefined : "is not a network in CIDR notation; write it like 10.20.1.11/22";

/** @throws for the first prop that is not valid. */
export function checkTalosClusterProps(id: string, props: TalosClusterProps): void {
  const checks = new PropChecks(`Talos cluster "${id}"`);
  checkVersions(checks, props);
  checks.text("clusterName", props.clusterName, CLUSTER_NAME);
  if (props.endpoint === undefined && props.network.vip === undefined) {
    checks.fail(
      "it has no endpoint; give network.vip a free address, or set endpoint to that of a load balancer",
    );
  }
  checks.textBy("endpoint", props.endpoint, apiEndpointProblem);
  checks.textBy("network.vip", props.network.vip, ipProblem);
  const cidrs = {
    nodeSubnets: props.nodeSubnets,
    "network.podCidrs": props.network.podCidrs,
    "network.serviceCidrs": props.network.serviceCidrs,
  };
  for (const [prop, values = []] of Object.entries(cidrs)) {
    for (const value of values) checks.textBy(prop, value, cidrProblem);
  }
  for (const server of props.network.dnsServers ?? []) checks.textBy("network.dnsServers", server, ipProblem);
  checkCni(checks, props);
  checks.choice("secrets", props.secrets, SECRETS_PLACES);
  checks.choice("applyMode", props.applyMode, ["no_reboot", "staged"]);
  checkRole(checks, "controlPlanes", props.controlPlanes);
  checkRole(checks, "workers", props.workers);
  if (!props.nodes.some(({ role }) => role === "controlplane"))
    checks.fail("it has no control plane; add one");
  for (const node of props.nodes) checkNode(node);
  const names = props.nodes.map(({ name }) => name);
  for (const name of props.adopted?.configuredNodes ?? [])
    checks.choice("adopted.configuredNodes", name, names);
  for (const prop of ["name", "address"] as const) {
    checks.distinct(
      prop,
      props.nodes.map((node) => node[prop]),
      "give each node its own",
    );
  }
}

function checkVersions(checks: PropChecks, props: TalosClusterProps): void {
  const { talosVersion, kubernetesVersion, configContract = DEFAULT_CONFIG_CONTRACT } = props;
  checks.text("talosVersion", talosVersion, TALOS_VERSION);
  checks.text("kubernetesVersion", kubernetesVersion, KUBERNETES_VERSION);
  checks.choice("configContract", configContract, CONFIG_CONTRACTS);
  if (Token.isUnresolved(talosVersion)) return;
  checks.textBy("talosVersion", talosVersion, talosVersionProblem);
  checks.textBy("kubernetesVersion", kubernetesVersion, (text) =>
    kubernetesVersionProblem(talosVersion, text),
  );
  checks.textBy("configContract", configContract, () => contractProblem(talosVersion, configContract));
}

function checkCni(
  checks: PropChecks,
  { cni = "flannel", cilium, kubeProxy = true }: TalosClusterProps,
): void {
  checks.choice("cni", cni, ["flannel", "none", "cilium"]);
  if (cni === "cilium" && cilium === undefined)
    checks.fail("cni is cilium, but cilium is missing; set its version");
  if (cni !== "cilium" && cilium !== undefined)
    checks.fail(`cilium has no effect with cni ${cni}; use cni cilium`);
  if (cni === "flannel" && !kubeProxy) {
    checks.fail("kubeProxy false leaves services without anything that serves them; use cni cilium or none");
  }
}

function checkRole(
  checks: PropChecks,
  prefix: string,
  { labels = {}, taints = [] }: TalosRoleOptions = {},
): void {
  for (const [key, value] of Object.entries(labels)) {
    checks.text(`${prefix}.labels`, key, LABEL_KEY);
    if (isRoleLabel(key))
      checks.fail(`${prefix}.labels "${key}" is refused by Kubernetes; use a label of your own`);
    checks.text(`${prefix}.labels.${key}`, value, LABEL_VALUE);
  }
  for (const taint of taints) checks.text(`${prefix}.taints`, taint, TAINT);
}

function checkNode(node: TalosClusterNode): void {
  const checks = new PropChecks(`Talos node "${node.name}"`);
  checks.text("name", node.name, HOST_LABEL);
  checks.choice("role", node.role, NODE_ROLES);
  checks.text("installer.schematicId", node.installer.schematicId, SCHEMATIC_ID);
  checks.choice("diskEncryption", node.diskEncryption, ["tpm", "node-id"]);
  if (node.diskEncryption === "tpm" && !node.installer.secureBoot) {
    checks.fail(
      "diskEncryption tpm needs Secure Boot, which the TPM attests; use node-id, or an image for Secure Boot",
    );
  }
  for (const { addresses = [], routes = [] } of node.links) {
    for (const address of addresses) checks.textBy("addresses", address, cidrProblem);
    for (const { destination, gateway } of routes) {
      checks.textBy("gateway", gateway, ipProblem);
      checks.textBy("destination", destination, cidrProblem);
    }
  }
  for (const { name } of node.userVolumes ?? []) checks.text("userVolumes", name, USER_VOLUME);
  checks.distinct(
    "userVolumes",
    node.userVolumes?.map(({ name }) => name) ?? [],
    "give each volume its own name",
  );
  checkRole(checks, "node", node);
}
