import { isDeepStrictEqual } from "node:util";
import type { MachineConfig } from "./machine-config";
import type { MainDocument } from "./schema";

/** The keys of `machine` that can change without a reboot, as can `debug`, `cluster` and every other document. */
const IMMEDIATE: ReadonlySet<string> = new Set([
  "ca",
  "acceptedCAs",
  "time",
  "certSANs",
  "install",
  "network",
  "sysfs",
  "sysctls",
  "logging",
  "controlPlane",
  "kubelet",
  "kernel",
  "registries",
  "pods",
  "seccompProfiles",
  "nodeAnnotations",
  "nodeLabels",
  "nodeTaints",
]);
const IMMEDIATE_FEATURES: ReadonlySet<string> = new Set([
  "kubernetesTalosAPIAccess",
  "kubePrism",
  "hostDNS",
  "imageCache",
  "nodeAddressSortAlgorithm",
]);

/** The keys whose change needs a reboot; none if the change can be made while the node runs. */
export function changesThatReboot(current: MachineConfig, next: MachineConfig): readonly string[] {
  const before = bootTime(current.main);
  const after = bootTime(next.main);
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.filter((key) => !isDeepStrictEqual(before[key], after[key])).sort();
}

function bootTime(main: MainDocument | undefined): Record<string, unknown> {
  const { features = {}, ...machine } = main?.machine ?? {};
  return {
    version: main?.version,
    persist: main?.persist,
    ...under("machine", machine, IMMEDIATE),
    ...under("machine.features", features, IMMEDIATE_FEATURES),
  };
}

const under = (parent: string, values: object, immediate: ReadonlySet<string>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => !immediate.has(key))
      .map(([key, value]) => [`${parent}.${key}`, value]),
  );
