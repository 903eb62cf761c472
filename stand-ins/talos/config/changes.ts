import { isDeepStrictEqual } from "node:util";
import { mainDiff } from "./diff";
import type { MainDocument } from "./schema";

/** The keys of `machine` that can change without a reboot, as can `debug`, `cluster` and every other document. */
const IMMEDIATE = [
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
] as const;
const IMMEDIATE_FEATURES = [
  "kubernetesTalosAPIAccess",
  "kubePrism",
  "hostDNS",
  "imageCache",
  "nodeAddressSortAlgorithm",
] as const;

/** Why a change needs a reboot, in the words of a node; undefined if it can be made while the node runs. */
export function needsReboot(current: MainDocument, next: MainDocument): string | undefined {
  const rest = withoutImmediateChanges(current, next);
  if (isDeepStrictEqual(current, rest)) return undefined;
  return `this config change can't be applied in immediate mode\ndiff:\n${mainDiff(current, rest)}`;
}

/** The next document, with the values that can change at once as they are now. */
function withoutImmediateChanges(current: MainDocument, next: MainDocument): MainDocument {
  const { debug, cluster } = current;
  const rest = { ...next, ...present({ debug, cluster }) };
  if (!next.machine || !current.machine) return rest;
  const machine = taken(next.machine, current.machine, IMMEDIATE);
  const [before, after] = [current.machine.features, machine.features];
  if (!before || !after) return { ...rest, machine };
  return { ...rest, machine: { ...machine, features: taken(after, before, IMMEDIATE_FEATURES) } };
}

/** Takes the values of these keys from another object, in the order that the keys have there. */
function taken<T extends object>(object: T, from: T, keys: readonly (keyof T)[]): T {
  const kept = Object.entries(object).filter(([key]) => !keys.includes(key as keyof T));
  const values = Object.entries(from).filter(([key]) => keys.includes(key as keyof T));
  const order = Object.keys({ ...from, ...object });
  return Object.fromEntries(
    [...kept, ...values].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)),
  ) as T;
}

const present = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
