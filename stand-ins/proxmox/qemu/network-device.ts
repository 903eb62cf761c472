import { randomBytes } from "node:crypto";
import { type PropertyString, parsePropertyString, printPropertyString } from "../api/property-string";

const MODELS = /^(?:virtio|e1000e?|rtl8139|vmxnet3|ne2k_\w+|pcnet|i82\d+\w*)$/;

export interface NetworkDevice {
  readonly model: string;
  readonly mac?: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Parses both forms: `model=virtio,macaddr=…` and `virtio=…`. */
export function parseNet(text: string): NetworkDevice {
  const { main, options }: PropertyString = parsePropertyString(text, "model");
  const { macaddr, ...rest } = options;
  if (main !== undefined) return { model: main, mac: macaddr, options: rest };
  const model = Object.keys(rest).find((name) => MODELS.test(name)) ?? "virtio";
  const { [model]: mac, ...others } = rest;
  return { model, mac, options: others };
}

/** A NIC as it is written to the configuration: `virtio=BC:24:11:…,bridge=vmbr0`. A missing MAC address is generated. */
export function normalizeNet(text: string): string {
  const { model, mac, options } = parseNet(text);
  const address = mac ?? randomMac();
  return printPropertyString({ main: `${model}=${address}`, options });
}

/** A random address with Proxmox' own prefix. */
function randomMac(): string {
  const bytes = [...randomBytes(3)].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
  return ["BC", "24", "11", ...bytes].join(":");
}
