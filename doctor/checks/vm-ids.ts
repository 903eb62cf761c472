import type { Check } from "../check";
import { fail, type Line, pass } from "../line";
import { isOurs } from "../our-vm";

export const vmIdsCheck: Check = {
  name: "vm-ids",
  about: "VM ids: free, or of our own VM",
  async run({ proxmox, cluster: { config } }) {
    const guests = await proxmox.guests();
    const { nodes, adopt } = config;
    const taken = nodes.flatMap((node): Line[] =>
      guests
        .filter(({ vmid }) => vmid === node.vmId)
        .filter((guest) => !isOurs(guest, node, adopt))
        .map((guest) =>
          fail(
            `${node.vmId} of ${node.name} is taken by ${guest.type === "lxc" ? "container" : "VM"} ` +
              `"${guest.name ?? ""}" on ${guest.node}`,
            guest.type === "qemu" && guest.name === node.name
              ? "if it is this node, adopt it (docs/migrations) or give it the tag talos; else set another vm_id"
              : `set another vm_id for ${node.name}`,
          ),
        ),
    );
    if (taken.length > 0) return taken;
    const ours = nodes.filter((node) => guests.some((guest) => isOurs(guest, node, adopt))).length;
    return [pass(`${ours} of ${nodes.length} ids are of our VMs, ${nodes.length - ours} are free`)];
  },
};
