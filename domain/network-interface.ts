import type { Pattern } from "./pattern";
import type { Range } from "./range";

/** `net0` to `net31`. */
export const MAX_NETWORK_INTERFACES = 32;

/** 0 and 4095 are reserved by IEEE 802.1Q. */
export const VLAN: Range = { min: 1, max: 4094 };

/** Bytes. Every host must accept 576 (RFC 791); the maximum of Proxmox is 65520. */
export const MTU: Range = { min: 576, max: 65_520 };

/** Packet queues of a virtio NIC. 0 and 1 both mean a single queue; qemu-server sets the number from 2 on. */
export const QUEUES: Range = { min: 0, max: 64 };

/** The lowest bit of the first byte makes an address a multicast one (IEEE 802), which no NIC has. */
export const MAC_ADDRESS: Pattern = {
  regex: /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$/,
  advice: "is not a MAC address; write it like bc:24:11:20:00:11, in quotes",
};
export const UNICAST_MAC_ADDRESS: Pattern = {
  regex: /^[0-9A-Fa-f][02468ACEace]/,
  advice: "is a multicast MAC address; make the second digit even",
};

/** Linux allows 15 characters for the name of an interface. */
export const BRIDGE: Pattern = {
  regex: /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/,
  advice: "is not the name of a bridge; write it like vmbr0, at most 15 characters",
};

/** The bridge that Proxmox' installer makes. */
export const DEFAULT_BRIDGE = "vmbr0";
