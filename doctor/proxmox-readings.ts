import { z } from "zod";
import type { ProxmoxApi } from "../proxmox/api";
import { ProxmoxError } from "../proxmox/api";
import { NotChecked } from "./line";
import { once, oncePer } from "./once";

const flag = z
  .union([z.number(), z.boolean(), z.string()])
  .optional()
  .transform((value) => value === true || Number(value) === 1);
const version = z.object({ version: z.string() });
const hosts = z.array(z.object({ node: z.string(), status: z.string() }));
const guests = z.array(
  z.object({
    vmid: z.number(),
    name: z.string().optional(),
    node: z.string(),
    type: z.string(),
    status: z.string(),
    tags: z.string().default(""),
  }),
);
const storages = z.array(
  z.object({
    storage: z.string(),
    type: z.string(),
    content: z.string(),
    active: flag,
    shared: flag,
    avail: z.number().optional(),
  }),
);
const bridges = z.array(
  z.object({
    iface: z.string(),
    active: flag,
    bridge_vlan_aware: flag,
    bridge_vids: z.string().optional(),
  }),
);
const permissions = z.record(z.string(), z.record(z.string(), z.number()));

export type Guest = z.output<typeof guests>[number];
export type HostStorage = z.output<typeof storages>[number];
export type HostBridge = z.output<typeof bridges>[number];
/** By path, then by privilege: 1 if it holds below the path too. */
export type Permissions = z.output<typeof permissions>;

/** What the checks read from Proxmox, each answer once. */
export class ProxmoxReadings {
  /** @param open throws where a variable is missing */
  constructor(private readonly open: () => ProxmoxApi) {}

  readonly api = once(async () => this.open());
  /** The release of Proxmox VE, and the server's clock. @throws ProxmoxError */
  readonly version = once(async () => {
    const { data, date } = await (await this.api()).ask("/version");
    return { ...version.parse(data), date };
  });
  readonly hosts = once(async () => hosts.parse(await this.get("/nodes")));
  /** Every guest that the token may see. */
  readonly guests = once(async () => guests.parse(await this.get("/cluster/resources?type=vm")));
  readonly permissions = once(async () => permissions.parse(await this.get("/access/permissions")));
  readonly storages = oncePer(async (host) => storages.parse(await this.get(`/nodes/${host}/storage`)));
  readonly bridges = oncePer(async (host) =>
    bridges.parse(await this.get(`/nodes/${host}/network?type=any_bridge`)),
  );

  /** Lets the check `proxmox` be the only one that fails where Proxmox cannot be reached. @throws NotChecked */
  async reachable(): Promise<void> {
    try {
      await this.version();
    } catch (error) {
      if (!(error instanceof ProxmoxError)) throw error;
      throw new NotChecked("Proxmox cannot be reached with this token", "see the check proxmox");
    }
  }

  private async get(path: string): Promise<unknown> {
    await this.reachable();
    return (await this.api()).get(path);
  }
}
