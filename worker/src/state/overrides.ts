import { createHash } from "node:crypto";
import { Refusal } from "../problem";
import { type Breach, type Overridable, overridable, refuseUncovered } from "./guard";
import type { Ledger } from "./ledger";
import type { Caller } from "./locks";
import type { OverrideRecord } from "./records";

const maxOverrideMs = 60 * 60 * 1000;

/** What the guard lets through once although it breaks a rule: granted by an admin before, or with the write in a header. */
export class Overrides {
  constructor(private readonly ledger: Ledger) {}

  /** Allows one write that the guard would refuse. */
  grant(caller: Caller, allow: readonly Overridable[], reason: string, seconds: number): OverrideRecord {
    const expiresAt = new Date(Date.now() + Math.min(seconds * 1000, maxOverrideMs)).toISOString();
    const override = { id: crypto.randomUUID(), allow, grantedBy: caller.id, reason, expiresAt };
    this.ledger.atomically(() => {
      this.ledger.addOverride(override, null);
      this.ledger.audit.append(caller.id, "grant_override", { ...override });
    });
    return override;
  }

  /**
   * The override that covers all that was found, or null where nothing was.
   * @throws Refusal with the first breach where there is none
   */
  cover(caller: Caller, header: string | null, found: readonly Breach[]): OverrideRecord | null {
    if (found.length === 0) return null;
    const now = new Date();
    const covers = ({ allow }: OverrideRecord) => found.every((breach) => allow.includes(breach.rule));
    const granted = this.ledger.openOverrides(now.toISOString()).find(covers) ?? null;
    const override = granted ?? (header === null ? null : this.#fromHeader(header, caller, now));
    refuseUncovered(found, override?.allow ?? []);
    return override;
  }

  /** Uses it up; call it in the transaction of what it allows. */
  use(caller: Caller, { id, grantedBy, ...rest }: OverrideRecord, found: readonly Breach[]): void {
    const now = new Date().toISOString();
    if (this.ledger.overrideKnown(id)) this.ledger.useOverride(id, now);
    else this.ledger.addOverride({ id, grantedBy, ...rest }, now);
    const rules = found.map((breach) => breach.rule);
    this.ledger.audit.append(caller.id, "use_override", { id, rules, grantedBy });
  }

  #fromHeader(header: string, caller: Caller, now: Date): OverrideRecord {
    const override = parseOverrideHeader(header, caller, now);
    if (!this.ledger.overrideKnown(override.id)) return override;
    throw badOverride(
      "override_used",
      "this X-Tfstate-Override was used before",
      "send it with another time",
    );
  }
}

/**
 * `X-Tfstate-Override: lineage until=2026-01-31T12:00:00Z`. The value itself is what can be used only once, so that a
 * header left in a configuration stops to work.
 */
function parseOverrideHeader(header: string, caller: Caller, now: Date): OverrideRecord {
  const [, list, until] = /^([a-z,]+) until=(\S+)$/.exec(header.trim()) ?? [];
  const allow = overridable.filter((rule) => list?.split(",").includes(rule));
  const expires = Date.parse(until ?? "");
  if (!caller.admin) {
    throw badOverride("override_forbidden", `${caller.id} may not override`, "send it with admin scope", 403);
  }
  if (allow.length === 0 || !(expires > now.getTime() && expires <= now.getTime() + maxOverrideMs)) {
    throw badOverride(
      "override_malformed",
      `X-Tfstate-Override "${header.slice(0, 100)}" names no rule and time that hold`,
      `send "${overridable.join(",")} until=<RFC 3339, at most an hour ahead>", with the rules that are needed`,
    );
  }
  const id = `header-${createHash("sha256").update(header.trim()).digest("hex")}`;
  return {
    id,
    allow,
    grantedBy: caller.id,
    reason: "X-Tfstate-Override",
    expiresAt: new Date(expires).toISOString(),
  };
}

function badOverride(code: string, message: string, fix: string, status = 409): Refusal {
  return new Refusal({ status, code, message, fix });
}
