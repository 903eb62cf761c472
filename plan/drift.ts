import { table } from "../process/table";
import type { PlanSummary, ShownChange } from "./summary";

/** Where what is there differs from what the program says. */
export interface Difference {
  /** Name of the node; null for what belongs to no node. */
  readonly node: string | null;
  readonly address: string;
  /** Null where it is the resource as a whole. */
  readonly attribute: string | null;
  readonly wanted: string;
  readonly found: string;
}

/** What a plan would have to change, turned round: what was wanted and what was found. */
export function differencesOf({ groups }: PlanSummary): readonly Difference[] {
  return groups.flatMap(({ node, changes }) =>
    changes.flatMap((change) => differencesIn(change).map((each) => ({ node, ...each }))),
  );
}

function differencesIn(change: ShownChange): readonly Omit<Difference, "node">[] {
  const { address, action, attributes } = change;
  const whole = (wanted: string, found: string) => [{ address, attribute: null, wanted, found }];
  if (action === "create") return whole("there", "missing");
  if (action === "destroy" || action === "forget") return whole("not in the program", "there");
  if (attributes.length === 0) return whole(`to ${action}`, "there");
  return attributes.map(({ path, before, after }) => ({
    address,
    attribute: path,
    wanted: after,
    found: before,
  }));
}

/** A report of the differences, as a table. */
export function driftText(differences: readonly Difference[]): string {
  if (differences.length === 0) return "no drift";
  const rows = differences.map(({ node, address, attribute, wanted, found }) => [
    node ?? "-",
    attribute ?? address,
    wanted,
    found,
  ]);
  return table(["node", "attribute", "wanted", "found"], rows);
}
