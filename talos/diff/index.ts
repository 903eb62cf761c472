import type { Cluster } from "../cluster";
import { CallError } from "../errors";
import { forEachAtOnce } from "../for-each-at-once";
import type { TalosNode } from "../node";
import { readMachineConfig } from "../read/machine-config";
import { type Change, compareConfigs } from "./compare";
import { masked } from "./mask";

/** What the next deploy would change in the config of a node. */
export interface NodeDiff {
  readonly name: string;
  /** Why it is not known; everything else is empty then. */
  readonly error?: string;
  /** Without secrets. */
  readonly changes: readonly Change[];
  /** Whether the config of the next deploy is on the disk of the node already, and waits for a reboot. */
  readonly isStaged: boolean;
}

/** Compares the config that each node runs with the one that it is to have. Nothing is changed. */
export function diffNodes(
  { talosctl }: Pick<Cluster, "talosctl">,
  nodes: readonly TalosNode[],
  wanted: ReadonlyMap<string, string>,
): Promise<readonly NodeDiff[]> {
  return forEachAtOnce(nodes, async (node): Promise<NodeDiff> => {
    const unknown = (error: string) => ({ name: node.name, error, changes: [], isStaged: false });
    const config = wanted.get(node.name);
    if (config === undefined) return unknown("its config is only known at the deploy");
    try {
      const { active, persistent } = await readMachineConfig(talosctl, node);
      if (active === undefined) return unknown("it has no config yet; the deploy gives it its first one");
      const changes = compareConfigs(active, config);
      const isStaged =
        changes.length > 0 && persistent !== undefined && compareConfigs(persistent, config).length === 0;
      return { name: node.name, changes: changes.map(withoutSecrets), isStaged };
    } catch (error) {
      if (error instanceof CallError) return unknown(error.message);
      throw error;
    }
  });
}

function withoutSecrets({ document, path, before, after }: Change): Change {
  return {
    document,
    path,
    ...(before !== undefined && { before: masked(before, path) }),
    ...(after !== undefined && { after: masked(after, path) }),
  };
}

/** The diffs for people: a line for each key. */
export function diffText(diffs: readonly NodeDiff[]): string {
  return diffs.flatMap(nodeLines).join("\n");
}

function nodeLines({ name, error, changes, isStaged }: NodeDiff): readonly string[] {
  if (error !== undefined) return [`${name}: ${error}`];
  if (changes.length === 0) return [`${name}: no change`];
  const staged = isStaged ? ", staged: they wait for a reboot" : "";
  return [
    `${name}: ${changes.length} ${changes.length === 1 ? "change" : "changes"}${staged}`,
    ...changes.map(line),
  ];
}

function line({ document, path, before, after }: Change): string {
  const key = [document, pathText(path)].filter(Boolean).join(" ");
  if (before === undefined) return `  + ${key}: ${JSON.stringify(after)}`;
  if (after === undefined) return `  - ${key}: ${JSON.stringify(before)}`;
  return `  ~ ${key}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`;
}

/** `machine.sysctls["net.core.somaxconn"]`, `machine.kernel.modules[0].name` */
function pathText(path: Change["path"]): string {
  return path
    .map((part) => {
      if (typeof part === "number") return `[${part}]`;
      return /^[\w-]+$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
    })
    .join("")
    .replace(/^\./, "");
}
