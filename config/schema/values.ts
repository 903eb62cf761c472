import { z } from "zod";
import { Address, Cidr } from "../ip";

/*
 * Kinds of values. An error text continues a sentence that starts with the key and its value:
 * `nodes[0].mac_addr zz is not a MAC address; write …`.
 */

export function text(pattern: RegExp, error: string) {
  return z.string().regex(pattern, error);
}

/** RFC 1123 label: what Kubernetes, Proxmox and DNS all take as a host name. */
export const hostLabel = text(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "is not an RFC 1123 name; use at most 63 of a-z, 0-9 and -, with a letter or digit at both ends",
);

export const ipAddress = z.string().refine(Address.isValid, "is not an IP address; write it like 10.20.1.11");

/** The prefix length, if given, is that of `node_cidr`. */
export const nodeAddress = z
  .string()
  .refine(
    (value) => Address.isValid(value) || Cidr.isValid(value),
    "is not an IP address; write it like 10.20.1.11",
  );

export const cidr = z.string().refine(Cidr.isValid, "is not a network; write it like 10.20.0.0/22");

/** One network, or one of each family for dual stack, as a list or separated by a comma. */
export const cidrs = z
  .union(
    [z.string(), z.array(z.string()).min(1).max(2)],
    "is not a network or a list of two; write it like 10.42.0.0/16",
  )
  .refine((value) => splitCidrs(value).every(Cidr.isValid), "is not a network; write it like 10.42.0.0/16")
  .refine((value) => splitCidrs(value).length <= 2, "has more than two networks; give one of each family");

export function splitCidrs(value: string | readonly string[]): string[] {
  const parts: readonly string[] = typeof value === "string" ? value.split(",") : value;
  return parts.map((part) => part.trim());
}

/** A host name or an address: time servers are given as either. */
export const host = z
  .string()
  .refine(
    (value) => Address.isValid(value) || (HOST_NAME.test(value) && !/^[\d.]+$/.test(value)),
    "is not an IP address or host name; write it like 162.159.200.1 or time.cloudflare.com",
  );
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

export const httpsUrl = z
  .string()
  .refine(
    (value) => isUrl(value, ["https:"]),
    "is not an https URL; write it like https://pve.example.com:8006",
  );

/** Plain http only to this machine, where a Worker under development listens. */
export const workerUrl = z
  .string()
  .refine(
    (value) => isUrl(value, ["https:"]) || (isUrl(value, ["http:"]) && isLoopback(new URL(value).hostname)),
    "is not an https URL; write it like https://tfstate.example.com/states/proxmox",
  )
  .refine(
    (value) => !URL.canParse(value) || /^[^?#]*\/states\/[^/?#]+$/.test(value),
    "does not end in /states/ and a name; write it like https://tfstate.example.com/states/proxmox",
  )
  .refine(isDecodable, "has a % that encodes no character; write %25 for it, or another name");

function isDecodable(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}

function isUrl(value: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(value) || /\s/.test(value)) return false;
  const url = new URL(value);
  // Credentials belong in the environment: a URL ends up in files and logs.
  return protocols.includes(url.protocol) && url.username === "" && url.password === "";
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** The second character carries the multicast bit; a host's address does not have it. */
export const macAddress = z
  .string()
  .regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$/, {
    error: "is not a MAC address; write it like bc:24:11:20:00:11, in quotes",
    abort: true,
  })
  .refine((value) => !isMulticast(value), "is a multicast MAC address; make the second digit even");

function isMulticast(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

/** Proxmox takes 576 to 65520 for a virtio NIC. */
export const mtu = z.int().min(576).max(65520);

/** 0 and 4095 are reserved by IEEE 802.1Q. */
export const vlan = z.int().min(1).max(4094);

/** The home-lab template has the VLAN in quotes. */
const NOT_A_VLAN = "is not a VLAN; use a whole number from 1 to 4094";
export const vlanTag = z.union(
  [vlan, text(/^([1-9]\d{0,2}|[1-3]\d{3}|40[0-8]\d|409[0-4])$/, NOT_A_VLAN)],
  NOT_A_VLAN,
);

export const queues = z.int().min(0).max(64);

export const proxmoxName = text(
  /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/,
  "is not a name that Proxmox has; use a-z, A-Z, 0-9, -, _ and .",
);

export const bridge = text(
  /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/,
  "is not the name of a bridge; write it like vmbr0, at most 15 characters",
);

export const tags = z.array(
  text(/^[a-z0-9_][a-z0-9_+.-]*$/, "is not a Proxmox tag; use a-z, 0-9, _, -, + and ., in lower case"),
);

/** SHA-256 in hex. */
export const schematicId = text(
  /^[0-9a-f]{64}$/,
  "is not a schematic id; copy the 64 characters 0-9 and a-f from factory.talos.dev",
);

/** A Terraform address: `type.name`, within modules perhaps. */
export const resourceAddress = text(
  /^(module\.[\w-]+(\[[^\]]+\])?\.)*[A-Za-z]\w*\.[A-Za-z_][\w-]*(\[[^\]]+\])?$/,
  "is not the address of a resource; write it like proxmox_virtual_environment_vm.talos_node",
);
