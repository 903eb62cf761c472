import { z } from "zod";
import { GLOB } from "../../domain/glob";
import { HOST_LABEL, HOST_NAME } from "../../domain/host-name";
import { Address, Cidr } from "../../domain/ip";
import { BRIDGE, MAC_ADDRESS, MTU, QUEUES, UNICAST_MAC_ADDRESS, VLAN } from "../../domain/network-interface";
import { LITERAL, type Pattern } from "../../domain/pattern";
import { PROXMOX_NODE, RESOURCE_MAPPING, STORAGE, TAG } from "../../domain/proxmox-names";
import type { Range } from "../../domain/range";
import { SCHEMATIC_ID } from "../../domain/schematic";
import { RESOURCE_ADDRESS } from "../../domain/state";
import { httpsUrlProblem, stateUrlProblem } from "../../domain/url";

/*
 * Types of values. An error text continues a sentence that starts with the key and its value:
 * `nodes[0].mac_addr zz is not a MAC address; write …`.
 */

export function text({ regex, advice }: Pattern) {
  return z.string().regex(regex, advice);
}

export function wholeNumber({ min, max }: Range) {
  return z.int().min(min).max(max);
}

/** `1 to 4094`, for the description of a key. */
export function rangeText({ min, max }: Range): string {
  return `${min} to ${max}`;
}

/** Any text that is passed to OpenTofu. */
export const literal = text(LITERAL);
/** A text with `*`, which the Worker matches. */
export const glob = z
  .string()
  .regex(LITERAL.regex, { error: LITERAL.advice, abort: true })
  .regex(GLOB.regex, GLOB.advice);

export const hostLabel = text(HOST_LABEL);
export const proxmoxNode = text(PROXMOX_NODE);
export const storage = text(STORAGE);
export const resourceMapping = text(RESOURCE_MAPPING);
export const bridge = text(BRIDGE);
export const tags = z.array(text(TAG));
export const schematicId = text(SCHEMATIC_ID);
export const resourceAddress = text(RESOURCE_ADDRESS);

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

export const httpsUrl = textWithout(httpsUrlProblem);
export const stateUrl = textWithout(stateUrlProblem);

/** @param problemOf what is wrong with a text and what to do, if anything */
export function textWithout(problemOf: (value: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const message = problemOf(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
}

export const macAddress = z
  .string()
  .regex(MAC_ADDRESS.regex, { error: MAC_ADDRESS.advice, abort: true })
  .regex(UNICAST_MAC_ADDRESS.regex, UNICAST_MAC_ADDRESS.advice);

export const mtu = wholeNumber(MTU);
export const queues = wholeNumber(QUEUES);
export const vlan = wholeNumber(VLAN);

/** The home-lab template writes the VLAN in quotes, so text is accepted too. */
const NOT_A_VLAN = `is not a VLAN; use a whole number from ${VLAN.min} to ${VLAN.max}`;
export const vlanTag = z.union(
  [vlan, text({ regex: /^([1-9]\d{0,2}|[1-3]\d{3}|40[0-8]\d|409[0-4])$/, advice: NOT_A_VLAN })],
  NOT_A_VLAN,
);
