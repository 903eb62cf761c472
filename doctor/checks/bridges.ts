import type { NodeConfig } from "../../config";
import type { Check } from "../check";
import { fail, type Line, pass, warn } from "../line";
import { perHost } from "../per-host";
import type { HostBridge } from "../proxmox-readings";

/** A bridge that nodes on a host use, and the VLANs on it. */
interface Use {
  readonly host: string;
  readonly bridge: string;
  readonly vlans: ReadonlySet<number>;
}

export const bridgesCheck: Check = {
  name: "bridges",
  about: "bridges: there, active, and open for the VLANs of the nodes",
  async run({ proxmox, cluster: { config } }) {
    const uses = usesOf(config.nodes, config.network.talosVlan);
    return perHost(
      uses.map(({ host }) => host),
      async (host) => {
        const there = await proxmox.bridges(host);
        return uses.filter((use) => use.host === host).flatMap((use) => linesOf(use, there));
      },
    );
  },
};

function linesOf({ host, bridge, vlans }: Use, there: readonly HostBridge[]): Line[] {
  const name = `bridge ${bridge} on ${host}`;
  const found = there.find(({ iface }) => iface === bridge);
  if (!found) {
    const names = there.map(({ iface }) => iface).join(", ") || "none";
    return [
      fail(
        `${name} is not there, or the token may not see it; there: ${names}`,
        "correct network_bridge, make the bridge, or grant SDN.Use",
      ),
    ];
  }
  if (!found.active) return [warn(`${name} is not active`, `apply the network configuration of ${host}`)];
  // A bridge that is not aware of VLANs lets all of them through, and Proxmox tags on its port.
  const closed = found.bridge_vlan_aware ? [...vlans].filter((vlan) => !lets(found.bridge_vids, vlan)) : [];
  if (closed.length > 0) {
    return [
      fail(
        `${name} lets only VLANs ${found.bridge_vids} through, and not ${closed.join(", ")}`,
        `add it to bridge-vids of ${bridge}, or correct node_vlan_tag`,
      ),
    ];
  }
  const tags = vlans.size > 0 ? `, with VLAN ${[...vlans].join(", ")}` : "";
  return [pass(`${name}${tags}`)];
}

/** Whether `2 4 100-200` has it. Proxmox takes all VLANs where nothing is written. */
function lets(vids: string | undefined, vlan: number): boolean {
  if (vids === undefined) return true;
  return vids.split(/[\s,;]+/).some((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return vlan >= first && vlan <= last;
  });
}

function usesOf(nodes: readonly NodeConfig[], talosVlan: number | undefined): readonly Use[] {
  const uses = new Map<string, { host: string; bridge: string; vlans: Set<number> }>();
  for (const { host, networkInterfaces } of nodes) {
    networkInterfaces.forEach(({ bridge, vlan = undefined }, index) => {
      const key = `${host}/${bridge}`;
      const use = uses.get(key) ?? { host, bridge, vlans: new Set<number>() };
      uses.set(key, use);
      if (vlan !== undefined) use.vlans.add(vlan);
      // Talos tags the frames of the first one itself.
      if (index === 0 && talosVlan !== undefined) use.vlans.add(talosVlan);
    });
  }
  return [...uses.values()];
}
