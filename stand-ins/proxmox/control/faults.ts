import { z } from "zod";
import { callFaults, FaultList, striking } from "../../fault-list";

const matching = {
  /** @default any method */
  method: z.enum(["GET", "POST", "PUT", "DELETE"]).optional(),
  /** The template of the API documentation, `/nodes/{node}/qemu/{vmid}`. @default any call */
  path: z.string().startsWith("/").optional(),
  /** Values that the path must have: `{ "vmid": "201" }`. @default any */
  where: z.record(z.string(), z.string()).optional(),
  ...striking,
};

/** The faults that can be injected. */
export const faultSchema = z.discriminatedUnion("kind", [
  /** This answer instead of the real one. */
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(400).max(599),
    message: z.string(),
    ...matching,
  }),
  ...callFaults(matching),
  /** A task that fails with this text and does nothing. */
  z.strictObject({
    kind: z.literal("task"),
    /** `qmcreate`, `qmstart`, `download` … */
    type: z.string(),
    /** The ID of the task's object, for most types the VM ID. @default any */
    id: z.string().optional(),
    message: z.string(),
    ...striking,
  }),
  /** Somebody holds the lock of a VM's configuration file. */
  z.strictObject({ kind: z.literal("config-lock"), vmid: z.int() }),
  /** A running guest does not let go of devices that are unplugged. */
  z.strictObject({
    kind: z.literal("hot-unplug"),
    vmid: z.int(),
    /** `net0`, `scsi1` … @default all */
    device: z.string().optional(),
  }),
  /** A guest does not react when it is asked to shut down. */
  z.strictObject({ kind: z.literal("shutdown-timeout"), vmid: z.int() }),
]);

export type Fault = z.infer<typeof faultSchema>;
/** A fault as a caller requests it, without defaults. */
export type FaultInput = z.input<typeof faultSchema>;
type TaskFault = Extract<Fault, { kind: "task" }>;
export type CallFault = Extract<Fault, { kind: "status" | "delay" | "drop" }>;

/** The active faults. */
export class Faults extends FaultList<Fault> {
  /** The faults that strike this call; taking them counts. */
  takeCallFaults(
    method: string,
    template: string,
    path: Readonly<Record<string, string>>,
  ): readonly CallFault[] {
    const matches = (fault: Fault): fault is CallFault =>
      (fault.kind === "status" || fault.kind === "delay" || fault.kind === "drop") &&
      (fault.method === undefined || fault.method === method) &&
      (fault.path === undefined || fault.path === template) &&
      Object.entries(fault.where ?? {}).every(([name, value]) => path[name] === value);
    return [...this.striking(matches)];
  }

  takeTaskFailure(type: string, id: string): string | undefined {
    const matches = (fault: Fault): fault is TaskFault =>
      fault.kind === "task" && fault.type === type && (fault.id === undefined || fault.id === id);
    for (const { message } of this.striking(matches)) return message;
    return undefined;
  }

  holdsConfigLock(vmid: number): boolean {
    return this.has((fault) => fault.kind === "config-lock" && fault.vmid === vmid);
  }

  holdsDevice(vmid: number, device: string): boolean {
    return this.has(
      (fault) =>
        fault.kind === "hot-unplug" &&
        fault.vmid === vmid &&
        (fault.device === undefined || fault.device === device),
    );
  }

  ignoresShutdown(vmid: number): boolean {
    return this.has((fault) => fault.kind === "shutdown-timeout" && fault.vmid === vmid);
  }
}
