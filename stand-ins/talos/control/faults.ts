import { status } from "@grpc/grpc-js";
import { z } from "zod";
import { callFaults, FaultList, striking } from "../../fault-list";

const STATUS_NAMES = Object.keys(status).filter((name) => name !== "OK" && Number.isNaN(Number(name)));

const matching = {
  /** The name of a node. @default any */
  node: z.string().optional(),
  /** `Bootstrap`, or `machine.MachineService/Bootstrap`. @default any call */
  method: z.string().optional(),
  ...striking,
};

/** The faults that can be injected. */
export const faultSchema = z.discriminatedUnion("kind", [
  /** The node does not listen on its port, until the fault is removed. */
  z.strictObject({ kind: z.literal("unreachable"), node: z.string() }),
  /** The Talos of an upgrade does not come up, and the node boots the one before it. */
  z.strictObject({ kind: z.literal("upgrade-fails"), node: z.string().optional(), ...striking }),
  /** This answer instead of the real one, such as UNIMPLEMENTED or ALREADY_EXISTS. */
  z.strictObject({
    kind: z.literal("status"),
    status: z.enum(STATUS_NAMES as [keyof typeof status]),
    message: z.string(),
    ...matching,
  }),
  // `drop` cuts all connections to the node.
  ...callFaults(matching),
]);

export type Fault = z.output<typeof faultSchema>;
/** A fault as a caller requests it, without defaults. */
export type FaultInput = z.input<typeof faultSchema>;
export type CallFault = Exclude<Fault, { kind: "unreachable" | "upgrade-fails" }>;
type UpgradeFault = Extract<Fault, { kind: "upgrade-fails" }>;

/** The active faults. */
export class Faults extends FaultList<Fault> {
  isUnreachable(node: string): boolean {
    return this.has((fault) => fault.kind === "unreachable" && fault.node === node);
  }

  /** Whether the first boot of an upgrade fails; asking counts. */
  failsUpgrade(node: string): boolean {
    const matches = (fault: Fault): fault is UpgradeFault =>
      fault.kind === "upgrade-fails" && (fault.node === undefined || fault.node === node);
    return [...this.striking(matches)].length > 0;
  }

  /** The faults that strike this call; taking them counts. */
  take(node: string, method: string): readonly CallFault[] {
    const matches = (fault: Fault): fault is CallFault =>
      fault.kind !== "unreachable" &&
      fault.kind !== "upgrade-fails" &&
      (fault.node === undefined || fault.node === node) &&
      (fault.method === undefined || [method, method.split("/")[1]].includes(fault.method));
    return [...this.striking(matches)];
  }
}
