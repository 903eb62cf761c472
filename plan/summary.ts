import { VM_RESOURCE_TYPE } from "../domain/virtual-machine";
import { type Action, type AttributeChange, nameOf, type PlannedChange } from "./changes";
import { displayAttribute } from "./display-attribute";
import type { Finding } from "./finding";
import type { Verdict } from "./guard";
import type { PlanFile } from "./plan-file";

/** A plan, as people and workflows read it. */
export interface PlanSummary {
  readonly counts: Readonly<Record<Action, number>>;
  /** Nodes in the order of their names, then what belongs to no node. */
  readonly groups: readonly ChangeGroup[];
  /** Names of the outputs that would change. */
  readonly outputs: readonly string[];
  /** What `check` blocks and the like warn of. */
  readonly warnings: readonly string[];
  readonly refused: readonly Finding[];
  readonly allowed: readonly Finding[];
  /** Whether an apply would change anything, outputs included. */
  readonly hasChanges: boolean;
}

/** The changes of one node, or of what belongs to no node. */
export interface ChangeGroup {
  /** Name of the node; null for the rest. */
  readonly node: string | null;
  readonly changes: readonly ShownChange[];
}

export interface ShownChange {
  readonly address: string;
  readonly action: Action;
  readonly reason?: string;
  readonly attributes: readonly ShownAttribute[];
}

/** An attribute without the values of secrets. */
export interface ShownAttribute {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly forcesReplacement: boolean;
}

/** Groups the changes of a plan by node. No value of a secret is in it. */
export function summarize(plan: PlanFile, changes: readonly PlannedChange[], verdict: Verdict): PlanSummary {
  const nodes = nodesOf(plan);
  const groups = new Map<string | null, ShownChange[]>();
  for (const change of changes) {
    const node = nodes.has(change.name) ? change.name : null;
    groups.set(node, [...(groups.get(node) ?? []), shown(change)]);
  }
  const named = [...groups.keys()].filter((node) => node !== null).sort(compareNames);
  const order = [...named, ...(groups.has(null) ? [null] : [])];
  const outputs = Object.entries(plan.output_changes)
    .filter(([, { actions }]) => actions.join() !== "no-op")
    .map(([name]) => name);
  return {
    counts: countOf(changes),
    groups: order.map((node) => ({ node, changes: groups.get(node) ?? [] })),
    outputs,
    warnings: plan.checks.flatMap(({ instances }) =>
      instances.flatMap(({ problems }) => problems.map(({ message }) => message)),
    ),
    ...verdict,
    hasChanges: changes.length > 0 || outputs.length > 0,
  };
}

const compareNames = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });

/** The names of the VMs in a plan, changed or not, which are the names of the nodes. */
function nodesOf({ resource_changes }: PlanFile): ReadonlySet<string> {
  return new Set(resource_changes.filter(({ type }) => type === VM_RESOURCE_TYPE).map(nameOf));
}

function countOf(changes: readonly PlannedChange[]): Readonly<Record<Action, number>> {
  const counts = { create: 0, update: 0, replace: 0, destroy: 0, forget: 0, import: 0, move: 0 };
  for (const { action } of changes) counts[action]++;
  return counts;
}

function shown({ address, action, reason, attributes }: PlannedChange): ShownChange {
  return {
    address,
    action,
    ...(reason && { reason }),
    attributes: attributes.filter(isOfInterest).map((attribute) => ({
      path: attribute.path,
      ...displayAttribute(attribute),
      forcesReplacement: attribute.forcesReplacement,
    })),
  };
}

/** What is only known after the apply is a consequence, unless it is what replaces the resource. No disk changes its volume's name. */
const isOfInterest = ({ path, isUnknown, forcesReplacement }: AttributeChange) =>
  (!isUnknown && !/^disk\[\d+\]\.path_in_datastore$/.test(path)) || forcesReplacement;
