import { brokenRules, type StateIdentity, type StateRule } from "../../../domain/state-guard";
import type { StateRef } from "../../../domain/state-objects";
import type { WorkerError } from "../errors/catalogue";
import { Refusal } from "../errors/refusal";

/** A rule that a new version breaks, with the error that says so. */
export interface Breach {
  readonly rule: StateRule;
  readonly error: WorkerError;
}

type StoredIdentity = StateIdentity & { readonly serial: number | null; readonly lineage: string | null };

/**
 * Compares a new version with the current one.
 * @param whyEncrypted why plaintext is refused, or null if it is allowed
 */
export function breaches(
  ref: StateRef,
  current: StoredIdentity | null,
  next: StoredIdentity,
  whyEncrypted: string | null,
): Breach[] {
  const broken = brokenRules(current, next, whyEncrypted !== null);
  return broken.map((rule) => ({ rule, error: errorOf(rule) }));

  function errorOf(rule: StateRule): WorkerError {
    switch (rule) {
      case "plaintext":
        return { code: "plaintext_refused", ref, why: whyEncrypted ?? "" };
      case "lineage":
        return { code: "lineage_changed", ref, current, next };
      case "serial":
        return { code: "serial_regressed", ref, current, next };
    }
  }
}

/** @throws Refusal with the first breach that no override covers. */
export function refuseUncovered(found: readonly Breach[], covered: readonly StateRule[]): void {
  const open = found.find((breach) => !covered.includes(breach.rule));
  if (open) throw new Refusal(open.error);
}
