import { isDeepStrictEqual } from "node:util";
import type { PlannedChange } from "./changes";
import { CONFIG_TYPE, type Finding } from "./finding";
import { fieldAt, type MachineConfig, machineConfigOf, mainDocument } from "./machine-config";

/** A setting that a cluster is created with, and that everything in it relies on. */
interface Setting {
  /** What allows it to change. */
  readonly allow: string;
  readonly title: string;
  /** Where users write it. */
  readonly keys: string;
  /** What Talos takes where the config has none: for IPv4, for IPv6. */
  readonly defaults: readonly unknown[];
  /** What a change breaks. */
  readonly breaks: string;
  /** How to change it nevertheless. */
  readonly wayOn: string;
  read(config: MachineConfig): unknown;
}

const ANOTHER_CLUSTER = "if the cluster may stop; otherwise create a second cluster and move there";

const SETTINGS: readonly Setting[] = [
  {
    allow: "pod-network",
    title: "the network of the pods",
    keys: "cluster_pod_cidr, or podSubnets in a patch",
    defaults: [["10.244.0.0/16"], ["fc00:db8:10::/56"]],
    breaks:
      "each node keeps the pod range that it got when it joined, so pods on old and new nodes would not reach each other",
    wayOn: ANOTHER_CLUSTER,
    read: networkField("podSubnets"),
  },
  {
    allow: "service-network",
    title: "the network of the services",
    keys: "cluster_svc_cidr, or serviceSubnets in a patch",
    defaults: [["10.96.0.0/12"], ["fc00:db8:20::/112"]],
    breaks:
      "existing services keep their addresses, including that of DNS, while the API server gets a new address and a certificate without the old one",
    wayOn: ANOTHER_CLUSTER,
    read: networkField("serviceSubnets"),
  },
  {
    allow: "dns-domain",
    title: "the DNS domain",
    keys: "dnsDomain in a patch",
    defaults: ["cluster.local"],
    breaks:
      "pods would look up names in the new domain, while the DNS server of the cluster still serves the old one",
    wayOn: ANOTHER_CLUSTER,
    read: networkField("dnsDomain"),
  },
  {
    allow: "endpoint",
    title: "the endpoint of the Kubernetes API",
    keys: "cluster_api_addr, talos.endpoint, or a patch",
    defaults: [],
    breaks:
      "nodes and kubeconfigs use the old one until they get the new one, and the API server refuses the tokens that pods got under the old one",
    wayOn:
      "once the new one leads to the control planes and the old one is in talos.cert_sans; pods get new tokens within the hour",
    read: endpointIn,
  },
];

/** Changes that break a running cluster: each setting once, with all nodes whose config would change. */
export function networkFindings(changes: readonly PlannedChange[]): readonly Finding[] {
  const nodes = changes
    .filter(({ type, action }) => type === CONFIG_TYPE && action === "update")
    .flatMap(({ name, address, before, after }) => {
      const [was, would] = [machineConfigOf(before), machineConfigOf(after)];
      return was && would ? [{ name, address, was, would }] : [];
    });
  return SETTINGS.flatMap((setting): readonly Finding[] => {
    const changed = nodes.filter(
      ({ was, would }) => !isSame(setting, setting.read(was), setting.read(would)),
    );
    const [first] = changed;
    if (first === undefined) return [];
    const { allow, title, keys, breaks, wayOn } = setting;
    const [before, after] = [first.was, first.would].map((config) =>
      shown(setting.read(config) ?? setting.defaults[0]),
    );
    const names = changed.map(({ name }) => name).join(", ");
    const message =
      `${title} would change from ${before} to ${after} on ${names}, in a running cluster: ${breaks}; undo the change (${keys}), or ` +
      `pass --allow ${allow} ${wayOn}`;
    return [{ rule: "network", address: first.address, allow, message }];
  });
}

/** Writing down a default is no change. */
function isSame({ defaults }: Setting, before: unknown, after: unknown): boolean {
  if (isDeepStrictEqual(before, after) || isOneHost(before, after)) return true;
  if (before !== undefined && after !== undefined) return false;
  // The generated part may be unknown.
  return defaults.length === 0 || defaults.some((each) => isDeepStrictEqual(before ?? after, each));
}

function networkField(field: string) {
  return (config: MachineConfig): unknown =>
    fieldAt(mainDocument(config), "cluster", "network", field) ??
    config.find(({ kind }) => kind === "KubeNetworkConfig")?.[field];
}

/** Where the generated part of only one of the two is known. */
function isOneHost(before: unknown, after: unknown): boolean {
  const [url, host] = [before, after].sort((a) => (isUrl(a) ? -1 : 1));
  return isUrl(url) && !isUrl(host) && new URL(url).hostname.replace(/^\[|\]$/g, "") === host;
}

const isUrl = (value: unknown): value is string => typeof value === "string" && URL.canParse(value);

/**
 * Its URL. Where only the patches are known, the first name in the certificate of the API server, which is its host
 * (constructs/machine-config/facts.ts).
 */
function endpointIn(config: MachineConfig): unknown {
  const { cluster } = mainDocument(config);
  const [host]: readonly unknown[] = listIn(fieldAt(cluster, "apiServer", "certSANs"));
  return fieldAt(cluster, "controlPlane", "endpoint") ?? host;
}

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const shown = (value: unknown): string => (Array.isArray(value) ? value.join(" and ") : String(value));
