import { failure, parameterError } from "../api/errors";
import { splitList } from "../api/parameters";
import type { GuestConfig } from "../model";
import { bootDevices } from "./boot-order";
import { memoryMiB } from "./config-values";
import { parseDrive } from "./drive";

/** @throws ApiError 500 */
export function checkBalloon(config: GuestConfig): void {
  // Without `memory`, Proxmox VE does not compare.
  if (config.memory !== undefined && Number(config.balloon ?? 0) > memoryMiB(config)) {
    throw failure("balloon value too large (must be smaller than assigned memory)");
  }
}

/** @throws ApiError 400 for an option that does not exist */
export function splitOptions(parameter: string, list: string | undefined, known: (name: string) => boolean) {
  const names = splitList(list);
  for (const name of names) {
    if (!known(name)) throw parameterError({ [parameter]: `unknown option '${name}'` });
  }
  return names.map((name) => (name === "cdrom" ? "ide2" : name));
}

/** @throws ApiError 500 where a device in the boot order does not exist */
export function checkBootOrder(changes: GuestConfig, current: GuestConfig, removed: readonly string[]): void {
  for (const device of bootDevices(changes.boot) ?? []) {
    const exists = changes[device] ?? current[device];
    if (exists === undefined || removed.includes(device)) {
      throw failure(`invalid bootorder: device '${device}' does not exist'`);
    }
  }
}

/** @throws ApiError 500 */
export function checkTpm(changes: GuestConfig, current: GuestConfig): void {
  const [old, next] = [current.tpmstate0, changes.tpmstate0].map((value) =>
    value === undefined ? undefined : parseDrive(String(value)),
  );
  if (old && next && old.file === next.file && old.options.version !== next.options.version) {
    throw failure("cannot change TPM state version after creation");
  }
}
