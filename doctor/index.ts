import type { Check } from "./check";
import { addressesCheck } from "./checks/addresses";
import { bridgesCheck } from "./checks/bridges";
import { clockCheck } from "./checks/clock";
import { clusterCheck } from "./checks/cluster";
import { configCheck } from "./checks/config";
import { imageFactoryCheck } from "./checks/image-factory";
import { nodeCheck } from "./checks/node";
import { openTofuCheck } from "./checks/open-tofu";
import { passphraseCheck } from "./checks/passphrase";
import { pendingCheck } from "./checks/pending";
import { privilegesCheck } from "./checks/privileges";
import { proxmoxCheck } from "./checks/proxmox";
import { stateCheck } from "./checks/state";
import { storagesCheck } from "./checks/storages";
import { talosctlCheck } from "./checks/talosctl";
import { versionsCheck } from "./checks/versions";
import { vmIdsCheck } from "./checks/vm-ids";

export type { Check } from "./check";
export { probe } from "./probe";
export { ProxmoxReadings } from "./proxmox-readings";
export { EXIT, exitCodeOf, reportOf, textOf } from "./report";
export { runChecks } from "./run";
export type { Site } from "./site";
export { StateReadings } from "./state-readings";

/** In the order of the report: what later ones need comes first. */
export const CHECKS: readonly Check[] = [
  configCheck,
  nodeCheck,
  openTofuCheck,
  talosctlCheck,
  proxmoxCheck,
  privilegesCheck,
  storagesCheck,
  bridgesCheck,
  vmIdsCheck,
  addressesCheck,
  imageFactoryCheck,
  stateCheck,
  passphraseCheck,
  versionsCheck,
  clockCheck,
  clusterCheck,
  pendingCheck,
];
