import { isAnchorHolder } from "./cluster-source";
import type { Problem } from "./diagnostic";
import { isMapping, type Path } from "./path";
import { clusterSchema } from "./schema/cluster";
import { knownKeys } from "./schema/known-keys";
import { closestWord } from "./spelling";
import { unknownKey } from "./zod-issues";

/**
 * Keys of the home-lab template that this program does not use, but that resemble one of its keys. Keys that resemble none
 * need not be listed: they are ignored anyway.
 */
const TEMPLATE_KEYS: ReadonlySet<string> = new Set([
  "cluster_api_tls_sans",
  "cluster_dns_gateway_addr",
  "cluster_gateway_addr",
  "kubernetes_version",
  "node_cpu_threshold",
  "node_memory_threshold",
  "proxmox_api_token_id",
  "proxmox_api_token_secret",
  "proxmox_endpoint",
  "proxmox_insecure",
  "proxmox_region",
  "proxmox_storage",
  "proxmox_vlan_mode",
  "storage_class",
]);
const TEMPLATE_FAMILIES =
  /^(repository|cloudflare|cilium|unifi|backup|tfstate|proxmox_(csi|ccm)|network_policies)_/;

export interface UnknownKeys {
  readonly mistakes: readonly Problem[];
  /** The keys that were probably meant. */
  readonly meant: readonly Path[];
  /** Keys that the program does not use. */
  readonly ignored: readonly Path[];
}

/**
 * Finds unknown keys at the top level and in nodes, where the schema accepts any key. A key that resembles a known key is a
 * mistake. Any other key is taken for one of the template and ignored. (In sections that only this program has, such as
 * `state` or `data_disks`, the schema refuses every unknown key.)
 */
export function findUnknownKeys(data: Readonly<Record<string, unknown>>): UnknownKeys {
  const mistakes: Problem[] = [];
  const meant: Path[] = [];
  const ignored: Path[] = [];
  const judge = (
    parent: Path,
    map: Readonly<Record<string, unknown>>,
    isTemplateKey: (key: string) => boolean,
  ) => {
    const known = new Set(knownKeys(clusterSchema, parent));
    for (const key of Object.keys(map)) {
      if (known.has(key) || isAnchorHolder(key)) continue;
      const closest = isTemplateKey(key) ? undefined : closestWord(key, known);
      if (closest === undefined) {
        ignored.push([...parent, key]);
      } else {
        mistakes.push(unknownKey(parent, key));
        meant.push([...parent, closest]);
      }
    }
  };
  judge([], data, (key) => TEMPLATE_KEYS.has(key) || TEMPLATE_FAMILIES.test(key));
  const nodes = Array.isArray(data.nodes) ? data.nodes : [];
  for (const [index, node] of nodes.entries()) {
    if (isMapping(node)) judge(["nodes", index], node, () => false);
  }
  return { mistakes, meant, ignored };
}
