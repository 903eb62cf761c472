import { isMap, parseAllDocuments } from "yaml";

type Fields = Readonly<Record<string, unknown>>;

/** The documents of a node's machine config, each as it is after all patches. */
export type MachineConfig = readonly Fields[];

/** The lists of a config that a patch replaces; it appends to all others. */
const REPLACED_LISTS = ["podSubnets", "serviceSubnets"];

/**
 * The machine config in one side of a `talos_machine_configuration_apply`. Where the secrets are out of the state, only the patches are
 * there, and what Talos generates below them is not known.
 * @returns undefined where nothing of it is known
 */
export function machineConfigOf(values: Fields): MachineConfig | undefined {
  const { machine_configuration_input: input, config_patches: patches } = values;
  const texts = [input, ...(Array.isArray(patches) ? patches : [])].filter(
    (each) => typeof each === "string",
  );
  if (texts.length === 0) return undefined;
  const merged = new Map<string, Fields>();
  for (const document of texts.flatMap(documentsIn)) {
    const id = JSON.stringify([document.apiVersion, document.kind, document.name]);
    const { $patch, ...patch } = document;
    if ($patch === "delete") merged.delete(id);
    else merged.set(id, mergeFields(merged.get(id) ?? {}, patch));
  }
  return [...merged.values()];
}

/** The main document, which has no kind. */
export const mainDocument = (config: MachineConfig): Fields =>
  config.find(({ kind }) => kind === undefined) ?? {};

/** What is at a path of fields; undefined where there is nothing. */
export function fieldAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((at, field) => (isFields(at) ? at[field] : undefined), value);
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function documentsIn(text: string): readonly Fields[] {
  return [...parseAllDocuments(text)].flatMap((document) => {
    if (document.errors.length > 0 || !isMap(document.contents)) return [];
    const fields: unknown = document.toJS();
    return isFields(fields) ? [fields] : [];
  });
}

/** As Talos merges a strategic patch: fields into fields, a list after a list, and `$patch: delete` takes away what it stands in. */
function mergeFields(left: Fields, right: Fields): Fields {
  const merged: Record<string, unknown> = { ...left };
  for (const [name, value] of Object.entries(right)) {
    const before = left[name];
    if (isDeletion(value)) delete merged[name];
    else if (isFields(value)) merged[name] = mergeFields(isFields(before) ? before : {}, value);
    else if (Array.isArray(value) && !REPLACED_LISTS.includes(name)) merged[name] = mergeLists(before, value);
    else if (value !== null && value !== "") merged[name] = value;
  }
  return merged;
}

function mergeLists(before: unknown, patch: readonly unknown[]): readonly unknown[] {
  const selectors = patch.filter(isDeletion).map(({ $patch: _, ...selector }) => Object.entries(selector)[0]);
  const isDeleted = (item: unknown) =>
    selectors.some(
      (selector) => selector && isFields(item) && String(item[selector[0]]) === String(selector[1]),
    );
  const kept = Array.isArray(before) ? before.filter((item) => !isDeleted(item)) : [];
  return [...kept, ...patch.filter((item) => !isDeletion(item))];
}

const isDeletion = (value: unknown): value is Fields => isFields(value) && value.$patch === "delete";
