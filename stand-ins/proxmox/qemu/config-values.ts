import { createHash } from "node:crypto";
import type { ParameterValue } from "../api/parameters";
import type { ConfigValue, Guest, GuestConfig } from "../model";
import { isConfigOption } from "./config-parameters";
import { normalizeNet } from "./network-device";

/** The configuration options among the parameters of a call, as they are written to the configuration. */
export function configValues(params: Readonly<Record<string, ParameterValue | undefined>>): GuestConfig {
  const config: GuestConfig = {};
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || !isConfigOption(name)) continue;
    config[name] = configValue(name, value);
  }
  const { cdrom, ...rest } = config;
  // `cdrom` is an old alias of `ide2`.
  return cdrom === undefined ? rest : { ...rest, ide2: withMedia(String(cdrom)) };
}

function configValue(name: string, value: ParameterValue): ConfigValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") return value;
  const text = String(value);
  if (/^net\d+$/.test(name)) return normalizeNet(text);
  if (name === "tags") return normalizeTags(text);
  // It is kept as comments at the top of the file, which have no blanks at their end.
  if (name === "description") return text.trimEnd();
  return text;
}

const withMedia = (drive: string): string => (drive.includes("media=") ? drive : `${drive},media=cdrom`);

/** Tags in lower case, in alphabetical order, without duplicates. */
const normalizeTags = (text: string): string =>
  [
    ...new Set(
      text
        .toLowerCase()
        .split(/[;,\s]+/)
        .filter(Boolean),
    ),
  ]
    .sort()
    .join(";");

/** A hash by which clients see whether a configuration has changed. */
export const digest = (guest: Guest): string =>
  createHash("sha1")
    .update(JSON.stringify([guest.config, guest.pending]))
    .digest("hex");

export const memoryMiB = (config: GuestConfig): number =>
  Number(String(config.memory ?? 512).replace("current=", ""));
