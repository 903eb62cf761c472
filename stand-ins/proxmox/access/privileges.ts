/**
 * The privileges of Proxmox VE 9, by area and by the kind of role that has them.
 * @see https://pve.proxmox.com/pve-docs/chapter-pveum.html#pveum_permission_management
 */
const GROUPS = {
  VM: {
    root: [],
    admin: [
      "VM.Allocate",
      "VM.Clone",
      "VM.Config.CPU",
      "VM.Config.Disk",
      "VM.Config.HWType",
      "VM.Config.Memory",
      "VM.Config.Network",
      "VM.Config.Options",
      "VM.GuestAgent.Unrestricted",
      "VM.Migrate",
      "VM.Replicate",
      "VM.Snapshot",
      "VM.Snapshot.Rollback",
    ],
    user: [
      "VM.Backup",
      "VM.Config.CDROM",
      "VM.Config.Cloudinit",
      "VM.Console",
      "VM.GuestAgent.FileRead",
      "VM.GuestAgent.FileSystemMgmt",
      "VM.GuestAgent.FileWrite",
      "VM.PowerMgmt",
    ],
    audit: ["VM.Audit", "VM.GuestAgent.Audit"],
  },
  Sys: {
    root: ["Sys.AccessNetwork", "Sys.Incoming", "Sys.Modify", "Sys.PowerMgmt"],
    admin: ["Sys.Console", "Sys.Syslog"],
    user: [],
    audit: ["Sys.Audit"],
  },
  Datastore: {
    root: [],
    admin: ["Datastore.Allocate", "Datastore.AllocateTemplate"],
    user: ["Datastore.AllocateSpace"],
    audit: ["Datastore.Audit"],
  },
  SDN: { root: [], admin: ["SDN.Allocate"], user: ["SDN.Use"], audit: ["SDN.Audit"] },
  User: {
    root: ["Realm.Allocate"],
    admin: ["Group.Allocate", "Realm.AllocateUser", "User.Modify"],
    user: [],
    audit: [],
  },
  Pool: { root: [], admin: ["Pool.Allocate"], user: [], audit: ["Pool.Audit"] },
  Mapping: { root: [], admin: ["Mapping.Modify"], user: ["Mapping.Use"], audit: ["Mapping.Audit"] },
} as const;

type Groups = typeof GROUPS;
type GroupPrivilege = {
  [Area in keyof Groups]: Groups[Area][keyof Groups[Area]] extends readonly (infer P)[] ? P : never;
}[keyof Groups];

export type Privilege = GroupPrivilege | "Permissions.Modify";

export const PRIVILEGES: readonly Privilege[] = [
  ...Object.values(GROUPS).flatMap((group) => [...group.root, ...group.admin, ...group.user, ...group.audit]),
  "Permissions.Modify" as const,
].sort();

export const isPrivilege = (name: string): name is Privilege =>
  (PRIVILEGES as readonly string[]).includes(name);

/** The built-in roles, which cannot be changed. */
export const BUILT_IN_ROLES: Readonly<Record<string, readonly Privilege[]>> = builtInRoles();

function builtInRoles(): Record<string, readonly Privilege[]> {
  const roles: Record<string, readonly Privilege[]> = {
    Administrator: PRIVILEGES,
    NoAccess: [],
    PVETemplateUser: ["VM.Audit", "VM.Clone"],
  };
  const everyAdmin: Privilege[] = [];
  const everyAudit: Privilege[] = [];
  for (const [area, group] of Object.entries(GROUPS)) {
    const admin: Privilege[] = [...group.admin, ...group.user, ...group.audit];
    roles[`PVE${area}Admin`] = admin;
    if (group.user.length > 0 || area === "Pool") roles[`PVE${area}User`] = [...group.user, ...group.audit];
    everyAdmin.push(...admin);
    everyAudit.push(...group.audit);
  }
  // A hardware mapping affects the host, so only Administrator and PVEMappingAdmin may change one.
  roles.PVEAdmin = everyAdmin.filter((privilege) => privilege !== "Mapping.Modify");
  roles.PVEAuditor = everyAudit;
  return roles;
}
