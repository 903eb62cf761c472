import { randomUUID } from "node:crypto";
import { z } from "zod";

const matching = {
  /** @default any method */
  method: z.enum(["GET", "POST", "PUT", "DELETE"]).optional(),
  /** The template of the API documentation, `/nodes/{node}/qemu/{vmid}`. @default any call */
  path: z.string().startsWith("/").optional(),
  /** Values that the path must have: `{ "vmid": "201" }`. */
  where: z.record(z.string(), z.string()).optional(),
  /** How many calls that match are let through first. @default 0 */
  skip: z.int().min(0).default(0),
  /** How many times it strikes; null is for ever. @default 1 */
  times: z.int().min(1).nullable().default(1),
};

/** What can be made to go wrong. */
export const faultSchema = z.discriminatedUnion("kind", [
  /** An answer in place of the real one. */
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(400).max(599),
    message: z.string(),
    ...matching,
  }),
  /** An answer that comes late. */
  z.strictObject({ kind: z.literal("delay"), delayMs: z.int().min(1), ...matching }),
  /** A connection that is cut before the call is carried out, or after it. */
  z.strictObject({
    kind: z.literal("drop"),
    when: z.enum(["before", "after"]).default("before"),
    ...matching,
  }),
  /** A task that fails with this text and does nothing. */
  z.strictObject({
    kind: z.literal("task"),
    /** `qmcreate`, `qmstart`, `download` … */
    type: z.string(),
    /** The task's id, for most the VM id. @default any */
    id: z.string().optional(),
    message: z.string(),
    skip: matching.skip,
    times: matching.times,
  }),
  /** Somebody holds the lock of a VM's configuration file. */
  z.strictObject({ kind: z.literal("config-lock"), vmid: z.int() }),
]);

export type Fault = z.infer<typeof faultSchema>;
/** A fault as it is asked for, with defaults left out. */
export type FaultInput = z.input<typeof faultSchema>;
export type CallFault = Extract<Fault, { kind: "status" | "delay" | "drop" }>;

export interface ActiveFault {
  readonly id: string;
  readonly fault: Fault;
  /** How many times it has struck. */
  readonly struck: number;
}

interface Entry {
  readonly id: string;
  readonly fault: Fault;
  seen: number;
  struck: number;
}

/** The faults in force. They live as long as the process. */
export class Faults {
  private entries: Entry[] = [];

  add(fault: Fault): string {
    const id = randomUUID();
    this.entries.push({ id, fault, seen: 0, struck: 0 });
    return id;
  }

  list(): readonly ActiveFault[] {
    return this.entries.map(({ id, fault, struck }) => ({ id, fault, struck }));
  }

  /** @param id none removes all */
  remove(id?: string): void {
    this.entries = id === undefined ? [] : this.entries.filter((entry) => entry.id !== id);
  }

  /** The faults that strike this call; taking them counts. */
  takeCallFaults(
    method: string,
    template: string,
    path: Readonly<Record<string, string>>,
  ): readonly CallFault[] {
    const taken: CallFault[] = [];
    for (const entry of this.entries) {
      const { fault } = entry;
      if (fault.kind === "task" || fault.kind === "config-lock") continue;
      if (fault.method !== undefined && fault.method !== method) continue;
      if (fault.path !== undefined && fault.path !== template) continue;
      if (Object.entries(fault.where ?? {}).some(([name, value]) => path[name] !== value)) continue;
      if (strikes(entry, fault)) taken.push(fault);
    }
    return taken;
  }

  takeTaskFailure(type: string, id: string): string | undefined {
    for (const entry of this.entries) {
      const { fault } = entry;
      if (fault.kind !== "task" || fault.type !== type) continue;
      if (fault.id !== undefined && fault.id !== id) continue;
      if (strikes(entry, fault)) return fault.message;
    }
    return undefined;
  }

  holdsConfigLock(vmid: number): boolean {
    return this.entries.some(({ fault }) => fault.kind === "config-lock" && fault.vmid === vmid);
  }
}

function strikes(entry: Entry, { skip, times }: { skip: number; times: number | null }): boolean {
  entry.seen += 1;
  if (entry.seen <= skip || (times !== null && entry.struck >= times)) return false;
  entry.struck += 1;
  return true;
}
