import { isDeepStrictEqual } from "node:util";
import { parseAllDocuments } from "yaml";
import type { PlannedChange } from "./changes";

/** The volumes of Talos itself. */
const VOLUMES = ["STATE", "EPHEMERAL"] as const;

/** A volume that Talos could not open any more, or would refuse, at its next start. */
export interface ChangedEncryption {
  readonly volume: string;
  /** What it is encrypted with: `nodeID`, `tpm`; `nothing` where it is not. */
  readonly before: string;
  readonly after: string;
}

/**
 * Talos encrypts a volume when it formats it, and neither afterwards nor back. It opens one with a key that the config still has: so
 * another one may come beside it, but not in its place.
 * @param change of a `talos_machine_configuration_apply`
 */
export function changedEncryption({ before, after }: PlannedChange): readonly ChangedEncryption[] {
  const [was, would] = [volumesIn(before), volumesIn(after)];
  if (was === undefined || would === undefined) return [];
  return VOLUMES.flatMap((volume) => {
    const [old, next] = [was.get(volume) ?? [], would.get(volume) ?? []];
    const opens = old.some((key) => next.some((each) => isDeepStrictEqual(key, each)));
    if (opens || (old.length === 0 && next.length === 0)) return [];
    return { volume, before: kindsOf(old), after: kindsOf(next) };
  });
}

type Key = Readonly<Record<string, unknown>>;

/** The keys of each volume; undefined where the config is not known. */
function volumesIn(values: PlannedChange["before"]): ReadonlyMap<string, readonly Key[]> | undefined {
  const { machine_configuration_input: input, config_patches: patches } = values;
  const texts = [input, ...(Array.isArray(patches) ? patches : [])].filter(
    (each) => typeof each === "string",
  );
  if (texts.length === 0) return undefined;
  const documents = texts.flatMap((text) => [...parseAllDocuments(text)]).map(documentOf);
  return new Map(
    documents.flatMap(({ kind, name, encryption }) =>
      kind === "VolumeConfig" && typeof name === "string" ? [[name, encryption?.keys ?? []] as const] : [],
    ),
  );
}

interface VolumeDocument {
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly encryption?: { readonly keys?: readonly Key[] };
}

function documentOf(document: { toJS(): unknown; readonly errors: readonly unknown[] }): VolumeDocument {
  const value = document.errors.length > 0 ? undefined : document.toJS();
  return typeof value === "object" && value !== null ? value : {};
}

/** Not the keys themselves: a static one is a secret. */
const kindsOf = (keys: readonly Key[]): string =>
  keys
    .map((key) => Object.keys(key).find((name) => name !== "slot" && name !== "lockToState"))
    .join(" and ") || "nothing";
