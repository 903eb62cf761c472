import { createTwoFilesPatch } from "diff";
import { stringify } from "yaml";
import { MAIN_KIND } from "./documents";
import type { MachineConfig } from "./machine-config";
import type { MainDocument } from "./schema";

/** The differences of two configurations as a node writes them; empty if there are none. */
export const configDiff = (current: MachineConfig | undefined, next: MachineConfig): string =>
  diff(documentsOf(current), documentsOf(next));

/** The same of two main documents. */
export const mainDiff = (current: MainDocument, next: MainDocument): string => diff([current], [next]);

/** The main document has its keys in the order of Talos, and none of its comments. */
const documentsOf = (config: MachineConfig | undefined): readonly object[] =>
  (config?.documents ?? []).map(({ kind, value }) => (kind === MAIN_KIND ? (config?.main ?? {}) : value));

function diff(current: readonly object[], next: readonly object[]): string {
  const [before = "", after = ""] = [current, next].map((documents) =>
    documents.map((document) => stringify(document, { indent: 4, lineWidth: 0 })).join("---\n"),
  );
  if (before === after) return "";
  const patch = createTwoFilesPatch("a", "b", before, after, undefined, undefined, { context: 3 });
  // The first line of a patch is a ruler.
  return patch.slice(patch.indexOf("--- a"));
}
