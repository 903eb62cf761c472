import { isDeepStrictEqual } from "node:util";
import type { PlannedChange } from "./changes";
import type { Finding } from "./finding";
import { fieldAt, isFields, type MachineConfig, machineConfigOf, mainDocument } from "./machine-config";

/** The volumes of Talos itself, which each node has, and where the main document has what they are encrypted with. */
const OWN_VOLUMES = { STATE: "state", EPHEMERAL: "ephemeral" } as const;
/** The documents of the volumes that a user adds. */
const ADDED_VOLUMES = ["UserVolumeConfig", "RawVolumeConfig", "SwapVolumeConfig"];

type Key = Readonly<Record<string, unknown>>;

/** A volume that Talos could not open any more, or would refuse, at its next start. */
interface ChangedEncryption {
  readonly volume: string;
  /** What it is encrypted with: `nodeID`, `tpm`; `nothing` where it is not. */
  readonly before: string;
  readonly after: string;
}

/**
 * A node whose disks cannot be opened at its next start, although it takes the config now.
 * @param change of a `talos_machine_configuration_apply`
 */
export function lockedDisks(change: PlannedChange): readonly Finding[] {
  const [first, ...others] = changedEncryption(change);
  if (first === undefined) return [];
  const { address, name } = change;
  const allow = `${name}/encryption`;
  const volumes = [first, ...others].map(({ volume }) => volume).join(" and ");
  const message =
    `${name} (${address}) could not open ${volumes} at its next start: encrypted with ${first.before}, and ${first.after} in the new config, ` +
    "while Talos encrypts a disk only when it formats it; undo that (encrypt_disk, secureboot, tpm, disk_encryption_key, or a patch), change it in one node after the other and " +
    `give each a new VM with npm run replace-node -- ${name}, or pass --allow ${allow}`;
  return [{ rule: "disk", address, allow, message }];
}

/**
 * Talos encrypts a volume when it formats it, and neither afterwards nor back. It opens one with a key that the config still has: so
 * another one may come beside it, but not in its place.
 */
function changedEncryption({ before, after }: PlannedChange): readonly ChangedEncryption[] {
  const [was, would] = [machineConfigOf(before), machineConfigOf(after)].map(
    (each) => each && volumesIn(each),
  );
  if (was === undefined || would === undefined) return [];
  // One that is new is yet to be formatted, and one that is gone is not opened.
  return [...was].flatMap(([volume, old]) => {
    const next = would.get(volume) ?? old;
    const opens = old.some((key) => next.some((each) => isDeepStrictEqual(key, each)));
    if (opens || (old.length === 0 && next.length === 0)) return [];
    return { volume, before: kindsOf(old), after: kindsOf(next) };
  });
}

/** The keys of each volume, whichever document they are in. */
function volumesIn(config: MachineConfig): ReadonlyMap<string, readonly Key[]> {
  const named = (kind: string, name: string) =>
    config.find((document) => document.kind === kind && document.name === name);
  const legacy = fieldAt(mainDocument(config), "machine", "systemDiskEncryption");
  const own = Object.entries(OWN_VOLUMES).map(([volume, field]) => {
    const keys = [named("VolumeConfig", volume)?.encryption, fieldAt(legacy, field)].flatMap(keysIn);
    return [volume, keys] as const;
  });
  const added = config.flatMap(({ kind, name, encryption }) =>
    ADDED_VOLUMES.includes(String(kind)) ? [[`${kind} ${name}`, keysIn(encryption)] as const] : [],
  );
  return new Map([...own, ...added]);
}

function keysIn(encryption: unknown): readonly Key[] {
  const keys = fieldAt(encryption, "keys");
  // Talos writes down the slot that nobody has named.
  return Array.isArray(keys) ? keys.filter(isFields).map((key) => ({ slot: 0, ...key })) : [];
}

/** Not the keys themselves: a static one is a secret. */
const kindsOf = (keys: readonly Key[]): string =>
  keys
    .map((key) => Object.keys(key).find((name) => name !== "slot" && name !== "lockToState"))
    .join(" and ") || "nothing";
