import { failure, parameterError } from "../api/errors";
import type { ParameterValue } from "../api/parameters";
import { requires, requiresAny } from "../api/permission";
import { type Call, type Route, route } from "../api/route";
import type { ConfigValue, Guest, GuestConfig } from "../model";
import { allocateDrives, checkDrives } from "./allocate-drives";
import { bootDevices, bootOrder } from "./boot-order";
import { checkBalloon, checkBootOrder, checkTpm, splitOptions } from "./config-checks";
import { isConfigOption, UPDATE_PARAMETERS } from "./config-parameters";
import { checkConfigPermissions } from "./config-permissions";
import { configValues, digest } from "./config-values";
import { isDriveKey, parseDrive, volumeOf } from "./drive";
import { applyPending, detach, nextConfig } from "./pending";

const TEMPLATE = "/nodes/{node}/qemu/{vmid}/config";

/** A caller needs one of these to change anything. Each option is then checked separately. */
const mayChange = requiresAny(
  "/vms/{vmid}",
  "VM.Config.Disk",
  "VM.Config.CDROM",
  "VM.Config.CPU",
  "VM.Config.Memory",
  "VM.Config.Network",
  "VM.Config.HWType",
  "VM.Config.Options",
  "VM.Config.Cloudinit",
);

type UpdateCall = Call<"node" | "vmid", Readonly<Record<string, ParameterValue | undefined>>>;

export const configRoutes: readonly Route[] = [
  route({
    method: "GET",
    template: TEMPLATE,
    parameters: { current: { type: "boolean" }, snapshot: { type: "string" } },
    permission: requires("/vms/{vmid}", "VM.Audit"),
    handle: ({ cluster, path, params }) => {
      const guest = cluster.vm(path.node, path.vmid);
      const config = params.current ? guest.config : nextConfig(guest);
      return { ...hidePassword(config), digest: digest(guest) };
    },
  }),
  route({
    method: "GET",
    template: "/nodes/{node}/qemu/{vmid}/pending",
    permission: requires("/vms/{vmid}", "VM.Audit"),
    handle: ({ cluster, path }) => {
      const guest = cluster.vm(path.node, path.vmid);
      const [config, pending] = [hidePassword(guest.config), hidePassword(guest.pending)];
      return [...new Set([...Object.keys(config), ...Object.keys(pending)])].sort().map((key) => ({
        key,
        ...(config[key] === undefined ? {} : { value: config[key] }),
        ...(pending[key] == null ? {} : { pending: pending[key] }),
        ...(pending[key] === null ? { delete: 1 } : {}),
      }));
    },
  }),
  route({
    method: "PUT",
    template: TEMPLATE,
    parameters: UPDATE_PARAMETERS,
    permission: mayChange,
    handle: (call) => {
      update(call);
      return null;
    },
  }),
  route({
    method: "POST",
    template: TEMPLATE,
    parameters: UPDATE_PARAMETERS,
    permission: mayChange,
    handle: (call) => {
      const { cluster, caller, path } = call;
      cluster.vm(path.node, path.vmid);
      return cluster.tasks.run(
        { node: path.node, type: "qmconfig", id: path.vmid, caller, seconds: 0.5 },
        () => update(call),
      );
    },
  }),
  route({
    method: "PUT",
    template: "/nodes/{node}/qemu/{vmid}/cloudinit",
    permission: requires("/vms/{vmid}", "VM.Config.Cloudinit"),
    handle: ({ cluster, path }) => {
      applyPending(cluster, cluster.lockedVm(path.node, path.vmid));
      return null;
    },
  }),
];

/** @throws ApiError */
function update({ cluster, caller, path: { node, vmid }, params }: UpdateCall): void {
  const changes = configValues(params);
  const removed = splitOptions("delete", params.delete?.toString(), isConfigOption);
  const reverted = splitOptions("revert", params.revert?.toString(), isConfigOption);
  if (Object.keys(changes).length + removed.length + reverted.length === 0) {
    throw failure("no options specified");
  }
  for (const name of removed) {
    if (changes[name] !== undefined) {
      throw parameterError({ delete: `you can't use '-${name}' and -delete ${name}' at the same time` });
    }
  }
  if (params.skiplock && !cluster.access.isRoot(caller)) {
    throw parameterError({ skiplock: "Only root may use this option." });
  }

  const owner = { cluster, caller, node, vmid: Number(vmid) };
  const guest = cluster.vm(node, vmid);
  checkDrives(owner, changes);
  const scope = { access: cluster.access, caller, vmid: guest.vmid };
  const current = nextConfig(guest);
  checkConfigPermissions(scope, Object.fromEntries(removed.map((name) => [name, current[name]])));
  checkConfigPermissions(scope, changes);

  cluster.lockedVm(node, vmid);
  if (params.digest !== undefined && params.digest !== digest(guest)) {
    throw failure("checksum mismatch (file change by other user?)");
  }
  checkBalloon({ ...current, ...changes });
  checkBootOrder(changes, current, removed);
  checkTpm(changes, current);

  for (const name of reverted) delete guest.pending[name];
  for (const name of removed) remove({ cluster, guest, name, force: params.force === true });
  const drives = Object.fromEntries(Object.entries(changes).filter(([name]) => isDriveKey(name)));
  const ready = { ...changes, ...allocateDrives(owner, drives, withoutKeys(nextConfig(guest), drives)) };
  for (const [name, value] of Object.entries(ready)) stage({ cluster, guest, name, value });
  applyPending(cluster, guest);
}

interface Change {
  readonly cluster: UpdateCall["cluster"];
  readonly guest: Guest;
  readonly name: string;
}

function stage({ cluster, guest, name, value }: Change & { readonly value: ConfigValue }): void {
  // A pending disk that is replaced before it was attached is kept as unused.
  const waiting = guest.pending[name];
  if (isDriveKey(name) && waiting != null) {
    const drive = parseDrive(String(waiting));
    if (drive && drive.file !== parseDrive(String(value))?.file) detach(cluster, guest, drive);
  }
  if (guest.config[name] === value) delete guest.pending[name];
  else guest.pending[name] = value;
}

function remove({ cluster, guest, name, force }: Change & { readonly force: boolean }): void {
  const value = guest.config[name] ?? guest.pending[name];
  // Proxmox VE only logs a warning.
  if (value == null) return;
  if (isDriveKey(name) && guest.config.protection) {
    throw failure(`can't remove drive '${name}' - protection mode enabled`);
  }
  removeFromBootOrder(guest, name);
  const volume = volumeOf({ file: String(value).split(",")[0] ?? "", options: {} });
  if (/^unused\d+$/.test(name) || (force && isDriveKey(name) && guest.status === "stopped")) {
    const found = volume === undefined ? undefined : cluster.volumes.find(volume, guest.node);
    if (found) cluster.volumes.free(found);
    delete guest.config[name];
    delete guest.pending[name];
    return;
  }
  if (guest.config[name] === undefined) delete guest.pending[name];
  else guest.pending[name] = null;
}

function removeFromBootOrder(guest: Guest, name: string): void {
  const order = bootDevices(nextConfig(guest).boot);
  if (order?.includes(name)) guest.pending.boot = bootOrder(order.filter((each) => each !== name));
}

const withoutKeys = (config: GuestConfig, keys: GuestConfig): GuestConfig =>
  Object.fromEntries(Object.entries(config).filter(([name]) => keys[name] === undefined));

/** The API never returns a password. */
const hidePassword = <V>(config: Readonly<Record<string, V>>): Readonly<Record<string, V | string>> =>
  config.cipassword == null ? config : { ...config, cipassword: "**********" };
