import { TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { Acl } from "../.gen/providers/proxmox/acl";
import { UserToken } from "../.gen/providers/proxmox/user-token";
import { VirtualEnvironmentRole } from "../.gen/providers/proxmox/virtual-environment-role";
import { VirtualEnvironmentUser } from "../.gen/providers/proxmox/virtual-environment-user";

export interface ProxmoxAccessProps {
  /** User with its realm. @default "cdktf@pve" */
  readonly userId?: string;
  /** @default "TalosProvisioner" */
  readonly roleId?: string;
  /** At least two characters. @default "talos" */
  readonly tokenName?: string;
  /** When the token ends, RFC 3339. @default never */
  readonly expirationDate?: string;
  /** Whether the role may also keep HA resources and rules. @default false */
  readonly ha?: boolean;
}

/** What the VMs, images and checks of this program need, and nothing more. */
const PRIVILEGES = [
  "Datastore.AllocateSpace",
  "Datastore.AllocateTemplate",
  "Datastore.Audit",
  "Mapping.Use",
  "Pool.Allocate",
  "Pool.Audit",
  "SDN.Use",
  "Sys.AccessNetwork",
  "Sys.Audit",
  "VM.Allocate",
  "VM.Audit",
  "VM.Config.CDROM",
  "VM.Config.CPU",
  "VM.Config.Cloudinit",
  "VM.Config.Disk",
  "VM.Config.HWType",
  "VM.Config.Memory",
  "VM.Config.Network",
  "VM.Config.Options",
  "VM.GuestAgent.Audit",
  "VM.Migrate",
  "VM.PowerMgmt",
];

/** Changes to HA are guarded by the console privilege, of all things. */
const HA_PRIVILEGES = ["Sys.Console"];

/**
 * A role, user, ACL and API token with the least privileges that this program works with. Applied once by an
 * administrator, in a stack of its own: a token must not be able to change its own rights.
 *
 * The token's value is an output marked sensitive and stands in the state, which is encrypted.
 *
 * @see https://pve.proxmox.com/pve-docs/chapter-pveum.html#pveum_permission_management
 */
export class ProxmoxAccess extends Construct {
  /** `user@realm!name=secret`, for PROXMOX_VE_API_TOKEN. */
  readonly token: string;

  /** @throws where the user has no realm or the token's name is too short. */
  constructor(scope: Construct, id: string, props: ProxmoxAccessProps = {}) {
    super(scope, id);
    const { userId = "cdktf@pve", roleId = "TalosProvisioner", tokenName = "talos" } = props;
    if (!/^[^@\s]+@[a-z][a-z0-9.-]+$/i.test(userId))
      throw new Error(`user "${userId}" has no realm; write ${userId}@pve`);
    if (!/^[A-Za-z][\w.-]+$/.test(tokenName)) {
      throw new Error(
        `token name "${tokenName}" is too short or has other characters than letters, digits, . _ -`,
      );
    }

    const role = new VirtualEnvironmentRole(this, "role", {
      roleId,
      privileges: [...PRIVILEGES, ...(props.ha ? HA_PRIVILEGES : [])].sort(),
    });
    const user = new VirtualEnvironmentUser(this, "user", {
      userId,
      comment: "keeps the VMs of Talos clusters",
      enabled: true,
    });
    // The token has no rights of its own: it shares those of its user, which nobody can log in as.
    const token = new UserToken(this, "token", {
      userId: user.userId,
      tokenName,
      privilegesSeparation: false,
      expirationDate: props.expirationDate,
    });
    new Acl(this, "acl", { path: "/", userId: user.userId, roleId: role.roleId, propagate: true });

    this.token = token.value;
    const output = new TerraformOutput(this, "output", {
      value: this.token,
      sensitive: true,
      description: "PROXMOX_VE_API_TOKEN for the cluster stack",
    });
    output.overrideLogicalId("proxmox_ve_api_token");
  }
}
