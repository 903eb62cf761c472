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
  /** The etcd member of the node stays a learner, until the fault is removed. */
  z.strictObject({ kind: z.literal("learner"), node: z.string() }),
  /** The etcd member of the node has raised an alarm, until it is disarmed or the fault removed. */
  z.strictObject({ kind: z.literal("etcd-alarm"), node: z.string(), alarm: z.enum(["NOSPACE", "CORRUPT"]) }),
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
/** A fault of a call. The others are states of a node, or strike when it boots. */
export type CallFault = Extract<Fault, { kind: "status" | "delay" | "drop" }>;
type FaultOf<K extends Fault["kind"]> = Extract<Fault, { kind: K }>;

/** The active faults. */
export class Faults extends FaultList<Fault> {
  readonly isUnreachable = (node: string): boolean => this.ofNode("unreachable", node);
  readonly staysLearner = (node: string): boolean => this.ofNode("learner", node);

  /** The alarm that the etcd member of a node has raised. */
  alarmOf(node: string): FaultOf<"etcd-alarm">["alarm"] | undefined {
    const active = this.list().map(({ fault }) => fault);
    return active.find((fault): fault is FaultOf<"etcd-alarm"> => isOf(fault, "etcd-alarm", node))?.alarm;
  }

  disarm(node: string): void {
    for (const { id, fault } of this.list()) if (isOf(fault, "etcd-alarm", node)) this.remove(id);
  }

  /** Whether the first boot of an upgrade fails; asking counts. */
  failsUpgrade(node: string): boolean {
    const matches = (fault: Fault): fault is FaultOf<"upgrade-fails"> =>
      fault.kind === "upgrade-fails" && (fault.node === undefined || fault.node === node);
    return [...this.striking(matches)].length > 0;
  }

  /** The faults that strike this call; taking them counts. */
  take(node: string, method: string): readonly CallFault[] {
    const matches = (fault: Fault): fault is CallFault =>
      (fault.kind === "status" || fault.kind === "delay" || fault.kind === "drop") &&
      (fault.node === undefined || fault.node === node) &&
      (fault.method === undefined || [method, method.split("/")[1]].includes(fault.method));
    return [...this.striking(matches)];
  }

  private ofNode(kind: "unreachable" | "learner", node: string): boolean {
    return this.has((fault) => isOf(fault, kind, node));
  }
}

const isOf = (fault: Fault, kind: "unreachable" | "learner" | "etcd-alarm", node: string): boolean =>
  fault.kind === kind && fault.node === node;
