import { DIGEST, splitList } from "../api/parameters";
import { type Route, route } from "../api/route";
import { assertUnchanged, digestOf, firewallOf, LOG_LEVELS, mayRead, mayWrite } from "./guest-firewall";

const TEMPLATE = "/nodes/{node}/qemu/{vmid}/firewall/options";

const flag = { type: "boolean" } as const;
const level = { type: "string", enum: LOG_LEVELS } as const;
const policy = { type: "string", enum: ["ACCEPT", "REJECT", "DROP"] } as const;

/** @see https://pve.proxmox.com/pve-docs/api-viewer/index.html#/nodes/{node}/qemu/{vmid}/firewall/options */
export const firewallOptionRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: TEMPLATE,
    permission: mayRead,
    handle: ({ cluster, path }) => {
      const { options } = firewallOf(cluster, path.vmid);
      return { ...options, digest: digestOf(options) };
    },
  }),
  route({
    method: "PUT",
    template: TEMPLATE,
    parameters: {
      dhcp: flag,
      enable: flag,
      ipfilter: flag,
      log_level_in: level,
      log_level_out: level,
      macfilter: flag,
      ndp: flag,
      policy_in: policy,
      policy_out: policy,
      radv: flag,
      delete: { type: "string" },
      digest: DIGEST,
    },
    permission: mayWrite,
    handle: ({ cluster, path, params: { delete: removed, digest, ...changes } }) => {
      const firewall = firewallOf(cluster, path.vmid);
      assertUnchanged(firewall.options, digest);
      const next: Record<string, string | number> = { ...firewall.options };
      for (const name of splitList(removed)) delete next[name];
      for (const [name, value] of Object.entries(changes)) {
        if (value !== undefined) next[name] = typeof value === "boolean" ? Number(value) : value;
      }
      firewall.options = next;
      return null;
    },
  }),
];
