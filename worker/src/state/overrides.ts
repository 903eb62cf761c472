import { hash } from "node:crypto";
import type { StateRule } from "../../../domain/state-guard";
import { headers, maxOverrideMs, parseOverrideHeader } from "../../../domain/worker-api";
import { Refusal } from "../errors/refusal";
import type { Caller } from "./caller";
import { type Breach, refuseUncovered } from "./guard";
import type { Ledger } from "./ledger/ledger";
import type { OverrideRecord } from "./ledger/records";

/** What an admin says of a new override. */
export interface OverrideProps {
  readonly allow: readonly StateRule[];
  readonly reason: string;
  readonly expiresInSeconds: number;
}

/** What the guard lets through once although it breaks a rule: granted by an admin before, or with the write in a header. */
export class Overrides {
  constructor(private readonly ledger: Ledger) {}

  /** Allows one write that the guard would refuse. */
  grant(caller: Caller, { allow, reason, expiresInSeconds }: OverrideProps): OverrideRecord {
    const lifetimeMs = Math.min(expiresInSeconds * 1000, maxOverrideMs);
    const expiresAt = new Date(Date.now() + lifetimeMs).toISOString();
    const override = { id: crypto.randomUUID(), allow, grantedBy: caller.id, reason, expiresAt };
    this.ledger.atomically(() => {
      this.ledger.overrides.add(override, null);
      this.ledger.audit.append(caller.id, "grant_override", { ...override });
    });
    return override;
  }

  /**
   * The override that covers all that was found, or null if nothing was.
   * @param header `X-Tfstate-Override` of the request, or null
   * @throws Refusal with the first breach where there is none
   */
  cover(caller: Caller, header: string | null, found: readonly Breach[]): OverrideRecord | null {
    if (found.length === 0) return null;
    const now = new Date();
    const covers = ({ allow }: OverrideRecord) => found.every((breach) => allow.includes(breach.rule));
    const granted = this.ledger.overrides.open(now.toISOString()).find(covers) ?? null;
    const override = granted ?? (header === null ? null : this.#fromHeader(header, caller, now));
    refuseUncovered(found, override?.allow ?? []);
    return override;
  }

  /** Uses it up; call it in the transaction of what it allows. */
  use(caller: Caller, { id, grantedBy, ...rest }: OverrideRecord, found: readonly Breach[]): void {
    const now = new Date().toISOString();
    if (this.ledger.overrides.has(id)) this.ledger.overrides.use(id, now);
    else this.ledger.overrides.add({ id, grantedBy, ...rest }, now);
    const rules = found.map((breach) => breach.rule);
    this.ledger.audit.append(caller.id, "use_override", { id, rules, grantedBy });
  }

  /** The value itself is what can be used only once, so that a header left in a configuration stops to work. */
  #fromHeader(value: string, caller: Caller, now: Date): OverrideRecord {
    if (!caller.admin) throw new Refusal({ code: "override_forbidden", principal: caller.id });
    const parsed = parseOverrideHeader(value, now);
    if (!parsed) throw new Refusal({ code: "override_malformed", value });
    const id = `header-${hash("sha256", value.trim(), "hex")}`;
    if (this.ledger.overrides.has(id)) throw new Refusal({ code: "override_used" });
    return {
      id,
      allow: parsed.rules,
      grantedBy: caller.id,
      reason: headers.override,
      expiresAt: parsed.until.toISOString(),
    };
  }
}
