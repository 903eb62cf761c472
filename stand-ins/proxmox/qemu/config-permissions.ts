import type { AccessControl, Caller } from "../access/access-control";
import type { Privilege } from "../access/privileges";
import { failure, parameterError } from "../api/errors";
import { parsePropertyString } from "../api/property-string";
import type { ConfigValue } from "../model";
import { isCdrom, isCloudInitDrive, isDriveKey, parseDrive } from "./drive";
import { parseNet } from "./network-device";

/** The options by the privilege on the VM that they require. */
const OPTION_PRIVILEGES: Readonly<Record<string, readonly string[]>> = {
  "VM.Config.CPU": ["cores", "cpu", "cpulimit", "cpuunits", "numa", "smp", "sockets", "vcpus"],
  "VM.Config.Memory": ["memory", "balloon", "shares", "allow-ksm"],
  "VM.Config.HWType": [
    "acpi",
    "audio0",
    "hotplug",
    "kvm",
    "machine",
    "rng0",
    "scsihw",
    "smbios1",
    "tablet",
    "vga",
    "watchdog",
  ],
  "VM.Config.Options": [
    "agent",
    "autostart",
    "bios",
    "description",
    "keyboard",
    "localtime",
    "migrate_downtime",
    "migrate_speed",
    "name",
    "onboot",
    "ostype",
    "protection",
    "reboot",
    "startdate",
    "startup",
    "tags",
    "tdf",
    "template",
  ],
  "VM.PowerMgmt": ["freeze"],
  "VM.Config.Disk": ["boot", "bootdisk", "vmstatestorage"],
};

const CLOUD_INIT =
  /^(?:cicustom|cipassword|citype|ciuser|ciupgrade|nameserver|searchdomain|sshkeys|ipconfig\d+)$/;

const PRIVILEGE_OF = new Map(
  Object.entries(OPTION_PRIVILEGES).flatMap(([privilege, options]) =>
    options.map((option) => [option, privilege as Privilege]),
  ),
);

/** The VM to check privileges on, and the pool that it is being created in. */
export interface VmScope {
  readonly access: AccessControl;
  readonly caller: Caller;
  readonly vmid: number;
  readonly pool?: string;
}

/**
 * Checks whether a caller may set or delete options of a VM.
 * @throws ApiError 403, or 500 for options that only root may set
 */
export function checkConfigPermissions(
  scope: VmScope,
  options: Readonly<Record<string, ConfigValue | undefined>>,
): void {
  const { access, caller } = scope;
  if (access.isRoot(caller)) return;
  for (const [name, value] of Object.entries(options)) {
    const text = value === undefined ? undefined : String(value);
    if (CLOUD_INIT.test(name)) checkEither(scope, "VM.Config.Cloudinit", "VM.Config.Network");
    else for (const privilege of privilegesFor(name, text)) checkVm(scope, privilege);
    // The startup order is a setting of the host.
    if (name === "startup") access.check(caller, "/", ["Sys.Modify"]);
    if (text !== undefined) checkOutside(scope, name, text);
  }
}

function privilegesFor(name: string, value: string | undefined): readonly Privilege[] {
  const known = PRIVILEGE_OF.get(name);
  if (known) return [known];
  if (/^numa\d+$/.test(name)) return ["VM.Config.CPU"];
  if (/^net\d+$/.test(name)) return ["VM.Config.Network"];
  if (/^(?:usb|hostpci)\d+$/.test(name)) return ["VM.Config.HWType"];
  if (/^(?:virtiofs|unused)\d+$/.test(name)) return ["VM.Config.Disk"];
  if (/^serial\d+$/.test(name)) {
    if (value !== undefined && value !== "socket") {
      throw failure(`only root can set '${name}' config for real devices`);
    }
    return ["VM.Config.HWType"];
  }
  if (name === "cdrom") return ["VM.Config.CDROM"];
  if (isDriveKey(name)) {
    const drive = value === undefined ? undefined : parseDrive(value);
    if (drive && isCloudInitDrive(drive)) return ["VM.Config.Cloudinit", "VM.Config.CDROM"];
    return drive && isCdrom(drive) ? ["VM.Config.CDROM"] : ["VM.Config.Disk"];
  }
  throw failure(`only root can set '${name}' config`);
}

/** Checks the privileges on what a device uses outside of the VM: bridges and mapped hardware. */
function checkOutside({ access, caller }: VmScope, name: string, value: string): void {
  const mapped = (kind: string, option: string) => {
    const { options, main } = parsePropertyString(value, "host");
    if (main !== undefined) {
      const devices = kind === "usb" ? "real" : "non-mapped";
      throw failure(`only root can set '${name}' config for ${devices} devices`);
    }
    const id = options[option];
    if (id === undefined) throw failure("either 'host' or 'mapping' must be set.");
    access.check(caller, `/mapping/${kind}/${id}`, ["Mapping.Use"]);
    if (options.romfile !== undefined) {
      throw parameterError({ [name]: "only root@pam can set 'romfile' option" });
    }
  };
  if (/^net\d+$/.test(name)) {
    const { bridge, tag } = parseNet(value).options;
    if (bridge !== undefined) {
      const path = `/sdn/zones/localnetwork/${bridge}`;
      access.check(caller, tag === undefined ? path : `${path}/${tag}`, ["SDN.Use"]);
    }
  } else if (/^hostpci\d+$/.test(name)) mapped("pci", "mapping");
  else if (/^usb\d+$/.test(name) && value !== "spice") mapped("usb", "mapping");
  else if (name === "rng0" && /hwrng/.test(value)) access.check(caller, "/mapping/hwrng", ["Mapping.Use"]);
}

function checkVm({ access, caller, vmid, pool }: VmScope, privilege: Privilege): void {
  access.checkVm(caller, vmid, pool, [privilege]);
}

function checkEither(scope: VmScope, first: Privilege, second: Privilege): void {
  const { access, caller, vmid, pool } = scope;
  const held = (privilege: Privilege) =>
    access.allows(caller, `/vms/${vmid}`, privilege) ||
    (pool !== undefined && access.allows(caller, `/pool/${pool}`, privilege));
  if (!held(first) && !held(second)) access.checkAny(caller, `/vms/${vmid}`, [first, second]);
}
