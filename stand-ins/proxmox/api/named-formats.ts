import { isIPv4, isIPv6 } from "node:net";
import { splitList } from "./parameters";
import type { NamedFormat } from "./value-check";

/* The named formats of Proxmox VE's API schema that several options use. */

const matches =
  (pattern: RegExp, text: string | ((value: string) => string)): NamedFormat =>
  (value) =>
    pattern.test(value) ? undefined : typeof text === "string" ? text : text(value);

/** The second digit of a multicast address is odd. */
export const macAddress = matches(
  /^[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$/i,
  "value does not look like a valid unicast MAC address",
);

export const bridgeName = matches(/^[-_.\w]+$/, (value) => `invalid bridge ID '${value}'`);

export const configId = matches(/^[a-z][a-z0-9_-]+$/i, (value) => `invalid configuration ID '${value}'`);

export const storageId = matches(
  /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i,
  (value) => `storage ID '${value}' contains illegal characters`,
);

export const dnsName = matches(
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i,
  "value does not look like a valid DNS name",
);

export const diskSize = matches(
  /^\d+(?:\.\d+)?[KMGT]?$/,
  (value) => `value does not look like a valid disk size: ${value}`,
);

export const urlEncoded = matches(
  /^[-%a-zA-Z0-9_.!~*'()]*$/,
  (value) => `invalid urlencoded string: ${value}`,
);

const parsesAsVolume = /^[a-z][a-z0-9\-_.]*[a-z0-9]:.+$/i;

export const volumeId = matches(parsesAsVolume, (value) => `unable to parse volume ID '${value}'`);

/** A volume, a path on the host, `none`, or the host's own CD drive. */
export const volumeOrDevice: NamedFormat = (value) =>
  /^(?:none$|cdrom$|\/)/.test(value) ? undefined : volumeId(value);

export const volumeOrPath: NamedFormat = (value) => (value.startsWith("/") ? undefined : volumeId(value));

const isCidr = (value: string, isAddress: (address: string) => boolean, longest: number): boolean => {
  const [address = "", prefix, ...rest] = value.split("/");
  const bits = /^\d+$/.test(prefix ?? "") ? Number(prefix) : -1;
  return rest.length === 0 && isAddress(address) && bits >= 0 && bits <= longest;
};

export const ipv4 = (value: string): string | undefined =>
  isIPv4(value) ? undefined : "value does not look like a valid ipv4 address";

export const ipv6 = (value: string): string | undefined =>
  isIPv6(value) ? undefined : "value does not look like a valid ipv6 address";

export const ipv4Config: NamedFormat = (value) =>
  /^(?:dhcp|manual)$/.test(value) || isCidr(value, isIPv4, 32)
    ? undefined
    : "value does not look like a valid ipv4 network configuration";

export const ipv6Config: NamedFormat = (value) =>
  /^(?:auto|dhcp|manual)$/.test(value) || isCidr(value, isIPv6, 128)
    ? undefined
    : "value does not look like a valid ipv6 network configuration";

/** Addresses or names. */
export const addressList: NamedFormat = (value) =>
  splitList(value).every((each) => isIPv4(each) || isIPv6(each) || dnsName(each) === undefined)
    ? undefined
    : "value does not look like a valid address";

export const tagList: NamedFormat = (value) =>
  splitList(value).every((tag) => /^[a-z0-9_][a-z0-9_\-+.]*$/i.test(tag))
    ? undefined
    : "invalid characters in tag";
