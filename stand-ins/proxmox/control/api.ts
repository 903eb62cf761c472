import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { ApiError } from "../api/errors";
import type { ApiRequest } from "../api/request";
import type { Cluster } from "../cluster";
import type { Guest } from "../model";
import { startGuest, stopGuest } from "../qemu/lifecycle";
import { faultSchema } from "./faults";
import type { RequestLog } from "./request-log";

const guestSchema = z.strictObject({
  vmid: z.int().min(100),
  node: z.string(),
  type: z.enum(["qemu", "lxc"]).default("qemu"),
  status: z.enum(["running", "stopped"]).default("running"),
  config: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
});
/** A guest that another program has created. */
export type ForeignGuest = z.input<typeof guestSchema>;

const guestChangeSchema = z.strictObject({
  power: z.enum(["start", "stop"]).optional(),
  /** A lock in the configuration, as a running backup sets it; null removes it. */
  lock: z.string().nullable().optional(),
  /** The addresses that the guest agent reports (CIDR); null means those in the cloud-init configuration. */
  agentAddresses: z.array(z.string()).nullable().optional(),
  agentSilent: z.boolean().optional(),
  /** Another host, as HA moves a guest. Its disks must be on shared storage. */
  node: z.string().optional(),
  /** Options of the configuration to set; null deletes one. */
  config: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).optional(),
});
export type GuestChange = z.input<typeof guestChangeSchema>;

const hostSchema = z.strictObject({
  online: z.boolean().optional(),
  /** Whether it does not answer, online or not. */
  silent: z.boolean().optional(),
  /** All bridges that it has from now on. */
  bridges: z
    .record(z.string(), z.strictObject({ vids: z.string().optional(), active: z.boolean().optional() }))
    .optional(),
});
const settingsSchema = z.strictObject({ timeScale: z.number().min(0) });
const storageSchema = z.strictObject({
  content: z.array(z.enum(["images", "rootdir", "iso", "vztmpl", "backup", "snippets", "import"])),
});

/** Controls the stand-in beyond the API of Proxmox VE: injects faults, changes guests and hosts, and lists requests. */
export class ControlApi {
  constructor(
    private readonly cluster: Cluster,
    private readonly log: RequestLog,
    private readonly token: string,
  ) {}

  /** @throws ApiError */
  handle({ method, pathname, json, authorization }: ApiRequest, prefix: string): unknown {
    this.authenticate(authorization);
    const [resource = "", ...rest] = pathname.slice(prefix.length + 1).split("/");
    const id = rest.length > 0 ? decodeURIComponent(rest.join("/")) : undefined;
    const data = this.dispatch(`${method} ${resource}${id === undefined ? "" : "/{id}"}`, id ?? "", json);
    this.cluster.save();
    return data;
  }

  private dispatch(call: string, id: string, body: unknown): unknown {
    const { cluster, log } = this;
    const { faults, state } = cluster;
    switch (call) {
      case "GET guests":
        return Object.values(state.guests);
      case "POST guests":
        return this.addGuest(parse(guestSchema, body));
      case "PATCH guests/{id}":
        return this.changeGuest(this.guest(id), parse(guestChangeSchema, body));
      case "DELETE guests/{id}":
        return this.removeGuest(this.guest(id));
      case "GET volumes":
        return Object.values(state.volumes);
      case "DELETE volumes/{id}":
        return this.removeVolume(id);
      case "PATCH storages/{id}":
        return this.changeStorage(id, parse(storageSchema, body).content);
      case "PATCH hosts/{id}":
        return this.changeHost(id, parse(hostSchema, body));
      case "PATCH settings":
        cluster.timeScale = parse(settingsSchema, body).timeScale;
        return null;
      case "GET faults":
        return faults.list();
      case "POST faults":
        return { id: faults.add(parse(faultSchema, body)) };
      case "DELETE faults":
        faults.remove();
        return null;
      case "DELETE faults/{id}":
        faults.remove(id);
        return null;
      case "GET requests":
        return log.list();
      case "DELETE requests":
        log.clear();
        return null;
      default:
        throw new ApiError(404, `the control API has no ${call}`);
    }
  }

  private addGuest(given: z.output<typeof guestSchema>): Guest {
    const { guests, hosts } = this.cluster.state;
    if (!hosts[given.node]) throw new ApiError(400, `no such host '${given.node}'`);
    if (guests[given.vmid]) throw new ApiError(400, `guest ${given.vmid} exists`);
    const guest: Guest = { ...given, status: "stopped", pending: {} };
    guests[given.vmid] = guest;
    if (given.status === "running") startGuest(this.cluster, guest);
    return guest;
  }

  private changeGuest(guest: Guest, change: z.output<typeof guestChangeSchema>): Guest {
    for (const [name, value] of Object.entries(change.config ?? {})) {
      if (value === null) delete guest.config[name];
      else guest.config[name] = value;
    }
    if (change.lock === null) delete guest.config.lock;
    else if (change.lock !== undefined) guest.config.lock = change.lock;
    if (change.agentAddresses !== undefined) guest.agentAddresses = change.agentAddresses ?? undefined;
    if (change.agentSilent !== undefined) guest.agentSilent = change.agentSilent;
    if (change.node !== undefined) {
      if (!this.cluster.state.hosts[change.node]) throw new ApiError(400, `no such host '${change.node}'`);
      guest.node = change.node;
    }
    if (change.power === "stop") stopGuest(guest);
    if (change.power === "start") startGuest(this.cluster, guest);
    return guest;
  }

  /** Removes a guest without the checks of Proxmox VE. */
  private removeGuest(guest: Guest): null {
    for (const volume of this.cluster.volumes.ownedBy(guest.vmid)) this.cluster.volumes.free(volume);
    delete this.cluster.state.guests[guest.vmid];
    return null;
  }

  private removeVolume(id: string): null {
    const volumes = Object.values(this.cluster.state.volumes).filter((volume) => volume.id === id);
    if (volumes.length === 0) throw new ApiError(404, `no volume '${id}'`);
    for (const volume of volumes) this.cluster.volumes.free(volume);
    return null;
  }

  private changeStorage(id: string, content: z.output<typeof storageSchema>["content"]): null {
    const storage = this.cluster.state.storages[id];
    if (!storage) throw new ApiError(404, `no storage '${id}'`);
    storage.content = content;
    return null;
  }

  private changeHost(id: string, { online, silent, bridges }: z.output<typeof hostSchema>): null {
    const host = this.cluster.state.hosts[id];
    if (!host) throw new ApiError(404, `no host '${id}'`);
    if (online !== undefined) host.online = online;
    if (silent !== undefined) host.silent = silent;
    if (bridges !== undefined) host.bridges = bridges;
    return null;
  }

  private guest(id: string): Guest {
    const guest = this.cluster.state.guests[id];
    if (!guest) throw new ApiError(404, `no guest ${id}`);
    return guest;
  }

  private authenticate(authorization: string | undefined): void {
    const given = Buffer.from(authorization ?? "");
    const wanted = Buffer.from(`Bearer ${this.token}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new ApiError(401, "the control API needs 'Authorization: Bearer <control token>'");
    }
  }
}

function parse<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (!result.success) throw new ApiError(400, z.prettifyError(result.error).replace(/\s*\n\s*/g, " "));
  return result.data;
}
