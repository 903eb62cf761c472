import { z } from "zod";
import type { ProxmoxApi } from "./api";
import { ProxmoxError } from "./api";

/** A change of a VM's configuration that waits for its next start. */
export interface PendingChange {
  /** The option: `memory`, `net1` … */
  readonly key: string;
  /** What the running VM has; null for an option that is new. */
  readonly current: string | number | null;
  /** What it has after its next start; null for an option that goes. */
  readonly pending: string | number | null;
}

export interface NodeVm {
  readonly name: string;
  readonly vmId: number;
}

/** What waits on the VM of a node, or why that is not known. */
export interface PendingOfNode extends NodeVm {
  /** Where the VM is now; HA may have moved it. null without a VM. */
  readonly host: string | null;
  readonly changes: readonly PendingChange[];
  readonly error?: string;
}

const guestsSchema = z.array(z.object({ vmid: z.number(), node: z.string(), type: z.string() }));
const value = z.union([z.string(), z.number()]);
const pendingSchema = z.array(
  z.object({
    key: z.string(),
    value: value.optional(),
    pending: value.optional(),
    delete: z.number().optional(),
  }),
);

/**
 * Reads what waits on each VM. A VM that cannot be read does not keep the others from being read.
 * @throws ProxmoxError if Proxmox cannot be reached or refuses the token
 */
export async function readPendingChanges(
  api: ProxmoxApi,
  nodes: readonly NodeVm[],
): Promise<readonly PendingOfNode[]> {
  const guests = guestsSchema.parse(await api.get("/cluster/resources?type=vm"));
  return Promise.all(
    nodes.map(async ({ name, vmId }) => {
      const host = guests.find(({ vmid, type }) => vmid === vmId && type === "qemu")?.node ?? null;
      if (host === null) {
        // Proxmox leaves out what a token may not see.
        const error = `there is no VM ${vmId}, or the token lacks VM.Audit on it`;
        return { name, vmId, host, changes: [], error };
      }
      try {
        const path = `/nodes/${encodeURIComponent(host)}/qemu/${vmId}/pending`;
        return { name, vmId, host, changes: waiting(pendingSchema.parse(await api.get(path))) };
      } catch (error) {
        if (!(error instanceof ProxmoxError)) throw error;
        return { name, vmId, host, changes: [], error: error.message };
      }
    }),
  );
}

const waiting = (options: z.output<typeof pendingSchema>): readonly PendingChange[] =>
  options
    .filter((option) => option.pending !== undefined || option.delete)
    .map((option) => ({
      key: option.key,
      current: option.value ?? null,
      pending: option.delete ? null : (option.pending ?? null),
    }));
