import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { z } from "zod";

const STATUS_NAMES = Object.keys(status).filter((name) => name !== "OK" && Number.isNaN(Number(name)));

const matching = {
  /** The name of a node. @default any */
  node: z.string().optional(),
  /** `Bootstrap`, or `machine.MachineService/Bootstrap`. @default any call */
  method: z.string().optional(),
  /** How many calls that match are let through first. @default 0 */
  skip: z.int().min(0).default(0),
  /** How many times it strikes; null is for ever. @default 1 */
  times: z.int().min(1).nullable().default(1),
};

/** What can be made to go wrong. */
export const faultSchema = z.discriminatedUnion("kind", [
  /** Nobody answers on the port of a node, until the fault is removed. */
  z.strictObject({ kind: z.literal("unreachable"), node: z.string() }),
  /** An answer in place of the real one, such as UNIMPLEMENTED or ALREADY_EXISTS. */
  z.strictObject({
    kind: z.literal("status"),
    status: z.enum(STATUS_NAMES as [keyof typeof status]),
    message: z.string(),
    ...matching,
  }),
  /** An answer that comes late. */
  z.strictObject({ kind: z.literal("delay"), delayMs: z.int().min(1), ...matching }),
  /** All connections to the node are cut before the call is carried out, or after it. */
  z.strictObject({
    kind: z.literal("drop"),
    when: z.enum(["before", "after"]).default("before"),
    ...matching,
  }),
]);

export type Fault = z.output<typeof faultSchema>;
/** A fault as it is asked for, with defaults left out. */
export type FaultInput = z.input<typeof faultSchema>;
export type CallFault = Exclude<Fault, { kind: "unreachable" }>;

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

  isUnreachable(node: string): boolean {
    return this.entries.some(({ fault }) => fault.kind === "unreachable" && fault.node === node);
  }

  /** The faults that strike this call; taking them counts. */
  take(node: string, method: string): readonly CallFault[] {
    const taken: CallFault[] = [];
    for (const entry of this.entries) {
      const { fault } = entry;
      if (fault.kind === "unreachable") continue;
      if (fault.node !== undefined && fault.node !== node) continue;
      if (fault.method !== undefined && ![method, method.split("/")[1]].includes(fault.method)) continue;
      if (strikes(entry, fault)) taken.push(fault);
    }
    return taken;
  }
}

function strikes(entry: Entry, { skip, times }: CallFault): boolean {
  entry.seen += 1;
  if (entry.seen <= skip || (times !== null && entry.struck >= times)) return false;
  entry.struck += 1;
  return true;
}
