import { type Problem, Refusal } from "../problem";
import type { StateRef } from "./keys";

/** What a write may be allowed once although the guard refuses it. */
export const overridable = ["serial", "lineage", "plaintext"] as const;
export type Overridable = (typeof overridable)[number];

/** The facts that two versions of a state are compared by; in the clear on encrypted states too. */
export interface Identity {
  readonly serial: number | null;
  readonly lineage: string | null;
  readonly encrypted: boolean;
  readonly sha256: string;
}

/** A rule that a new version breaks, with the error that says so. */
export interface Breach {
  readonly rule: Overridable;
  readonly problem: Problem;
}

/**
 * Compares a new version with the current one.
 * @param mustEncrypt why plaintext is refused, or null where it is allowed
 */
export function breaches(
  ref: StateRef,
  current: Identity | null,
  next: Identity,
  mustEncrypt: string | null,
): Breach[] {
  const found: Breach[] = [];
  const add = (rule: Overridable, code: string, message: string, fix: string): void => {
    found.push({ rule, problem: { status: 409, code, message, fix: `${fix}; ${howToOverride(ref, rule)}` } });
  };
  if (mustEncrypt !== null && !next.encrypted) {
    add(
      "plaintext",
      "plaintext_refused",
      `the state is not encrypted, and ${mustEncrypt}`,
      "configure state encryption in the client as it was when the state was last written",
    );
  }
  if (current === null || next.sha256 === current.sha256) return found;
  if (current.lineage !== null && next.lineage !== current.lineage) {
    add(
      "lineage",
      "lineage_changed",
      `lineage ${next.lineage} is not the lineage ${current.lineage} of the state stored as "${ref.name}"`,
      "check that the backend address names the right state",
    );
  } else if (current.serial !== null && (next.serial === null || next.serial <= current.serial)) {
    add(
      "serial",
      "serial_regressed",
      `serial ${next.serial} is not newer than serial ${current.serial}, which is stored with other content`,
      "run plan again, so that it starts from the current state",
    );
  }
  return found;
}

/** @throws Refusal with the first breach that no override covers. */
export function refuseUncovered(found: readonly Breach[], covered: readonly Overridable[]): void {
  const open = found.find((breach) => !covered.includes(breach.rule));
  if (open) throw new Refusal(open.problem);
}

function howToOverride({ name }: StateRef, rule: Overridable): string {
  return (
    `if this is meant (init -migrate-state, state push -force), an admin allows it once with ` +
    `POST /states/${encodeURIComponent(name)}/override {"allow":["${rule}"],"reason":"…"}, ` +
    `or the client sends "X-Tfstate-Override: ${rule} until=<RFC 3339, at most an hour ahead>"`
  );
}
