import { anyCaller } from "../api/permission";
import { type Route, route } from "../api/route";
import type { Bridge } from "../model";

/** What a host has that nobody has given others. */
export const DEFAULT_BRIDGES: Readonly<Record<string, Bridge>> = {
  vmbr0: { vids: "2-4094" },
  vmbr1: { vids: "2-4094" },
};

const TYPES = ["bridge", "OVSBridge", "bond", "eth", "vlan", "any_bridge", "any_local_bridge", "include_sdn"];

export const networkRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: "/nodes/{node}/network",
    parameters: { type: { type: "string", enum: TYPES } },
    permission: anyCaller,
    handle: ({ cluster, caller, path, params }) => {
      // No host has anything but bridges.
      if (!["bridge", "any_bridge", "any_local_bridge", undefined].includes(params.type)) return [];
      const bridges = cluster.state.hosts[path.node]?.bridges ?? DEFAULT_BRIDGES;
      return Object.entries(bridges)
        .filter(([iface]) =>
          (["SDN.Use", "SDN.Audit"] as const).some((privilege) =>
            cluster.access.allows(caller, `/sdn/zones/localnetwork/${iface}`, privilege),
          ),
        )
        .map(([iface, { vids, active = true }], index) => ({
          iface,
          type: "bridge",
          ...(active ? { active: 1 } : {}),
          autostart: 1,
          bridge_ports: `eno${index + 1}`,
          bridge_stp: "off",
          bridge_fd: "0",
          ...(vids === undefined ? {} : { bridge_vlan_aware: 1, bridge_vids: vids }),
          families: ["inet"],
          method: "manual",
          method6: "manual",
          priority: index + 3,
        }));
    },
  }),
];
