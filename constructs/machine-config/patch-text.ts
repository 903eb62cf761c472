import type { MachineConfigPatch } from "../talos-cluster-props";

/** What YAML does not allow as it is, and the first characters of OpenTofu's templates. */
const ESCAPED = /[$%\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * A document as the text of a config patch: JSON, which is YAML too. OpenTofu evaluates templates in every string, and so does cdktf with
 * its tokens. Only the references given here are left for them.
 */
export function patchText(document: MachineConfigPatch, references: readonly string[] = []): string {
  const escaped = (text: string) =>
    text.replace(ESCAPED, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return references.reduce(
    (text, reference) => text.replaceAll(escaped(reference), reference),
    escaped(JSON.stringify(document)),
  );
}
