import { readPendingChanges } from "../../proxmox/pending-changes";
import type { Check } from "../check";
import { fail, pass, warn } from "../line";
import { isOurs } from "../our-vm";

export const pendingCheck: Check = {
  name: "pending",
  about: "changes of VMs that wait for a restart",
  async run({ proxmox, cluster: { config } }) {
    const guests = await proxmox.guests();
    const there = config.nodes.filter((node) => guests.some((guest) => isOurs(guest, node, config.adopt)));
    const nodes = await readPendingChanges(await proxmox.api(), there);
    const lines = nodes.flatMap(({ name, vmId, changes, error }) => {
      if (error !== undefined) return [fail(`${name}: ${error}`, "see npm run pending")];
      if (changes.length === 0) return [];
      const keys = changes.map(({ key }) => key).join(", ");
      return [warn(`${name}: ${keys} wait for the next start`, `npm run pending, then qm reboot ${vmId}`)];
    });
    return lines.length > 0 ? lines : [pass(`nothing waits for a restart (VMs read: ${nodes.length})`)];
  },
};
