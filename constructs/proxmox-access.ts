import { type Precondition, TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { Acl } from "../.gen/providers/proxmox/acl";
import { DataProxmoxVersion } from "../.gen/providers/proxmox/data-proxmox-version";
import { UserToken } from "../.gen/providers/proxmox/user-token";
import { VirtualEnvironmentRole } from "../.gen/providers/proxmox/virtual-environment-role";
import { VirtualEnvironmentUser } from "../.gen/providers/proxmox/virtual-environment-user";
import { DATACENTER_PRIVILEGES, PRIVILEGES } from "../domain/proxmox-privileges";

/** What a {@link ProxmoxAccess} is made of. */
export interface ProxmoxAccessProps {
  /** User with its realm. @default "cdktf@pve" */
  readonly userId?: string;
  /** Name of the role, which cannot begin with `PVE`. @default "TalosProvisioner" */
  readonly roleId?: string;
  /** Name of the token, at least two characters. @default "talos" */
  readonly tokenName?: string;
  /** When the token expires, RFC 3339. @default - never */
  readonly expirationDate?: string;
  /** Whether the token may also manage HA resources and rules. @default false */
  readonly ha?: boolean;
  /** Whether the token may also set the order in which VMs start. @default false */
  readonly startupOrder?: boolean;
}

/**
 * A role, user, ACL and API token with the least privileges that this program works with. Applied once by an
 * administrator, in a stack of its own: a token must not be able to change its own rights.
 *
 * The token's value is a sensitive output, and it is in the state, which is encrypted.
 *
 * @see https://pve.proxmox.com/pve-docs/chapter-pveum.html#pveum_permission_management
 */
export class ProxmoxAccess extends Construct {
  /** `user@realm!name=secret`, for PROXMOX_VE_API_TOKEN. */
  readonly token: string;

  /** @throws if the user has no realm, or the name of role or token is not valid. */
  constructor(scope: Construct, id: string, props: ProxmoxAccessProps = {}) {
    super(scope, id);
    const { userId = "cdktf@pve", roleId = "TalosProvisioner", tokenName = "talos" } = props;
    if (!/^[^@\s]+@[a-z][a-z0-9.-]+$/i.test(userId))
      throw new Error(`user "${userId}" has no realm; write ${userId}@pve`);
    if (!/^[A-Za-z][\w.-]+$/.test(tokenName)) {
      throw new Error(
        `token name "${tokenName}" is not valid; use two or more letters, digits, ., _ and -, with a letter first`,
      );
    }

    // Proxmox would refuse the role only when user and token are made.
    if (!/^[\w.-]+$/.test(roleId) || /^pve/i.test(roleId)) {
      throw new Error(
        `role "${roleId}" is not valid; use letters, digits, ., _ and -, and another beginning than PVE, which Proxmox keeps for its own roles`,
      );
    }

    const user = new VirtualEnvironmentUser(this, "user", {
      userId,
      comment: "keeps the VMs of Talos clusters",
      enabled: true,
      lifecycle: { precondition: [knowsThePrivileges(new DataProxmoxVersion(this, "version"))] },
    });
    // The token has the privileges of its user. The user has no password, so nobody can log in as this user.
    const token = new UserToken(this, "token", {
      userId: user.userId,
      tokenName,
      privilegesSeparation: false,
      expirationDate: props.expirationDate,
    });
    this.grant("role", { roleId, userId: user.userId, privileges: PRIVILEGES, propagate: true });
    const datacenter = (["ha", "startupOrder"] as const)
      .filter((each) => props[each])
      .map((each) => DATACENTER_PRIVILEGES[each]);
    if (datacenter.length > 0) {
      const grant = { roleId: `${roleId}Datacenter`, userId: user.userId, privileges: datacenter };
      this.grant("datacenter", { ...grant, propagate: false });
    }

    this.token = token.value;
    const output = new TerraformOutput(this, "output", {
      value: this.token,
      sensitive: true,
      description: "PROXMOX_VE_API_TOKEN for the cluster stack",
    });
    output.overrideLogicalId("proxmox_ve_api_token");
  }

  private grant(id: string, { roleId, userId, privileges, propagate }: Grant): void {
    const role = new VirtualEnvironmentRole(this, id, { roleId, privileges: [...privileges].sort() });
    new Acl(this, `${id}-acl`, { path: "/", userId, roleId: role.roleId, propagate });
  }
}

/** `VM.GuestAgent.Audit` is new in Proxmox VE 9. Without this check, user and token would be made, and the role refused. */
function knowsThePrivileges({ fqn }: DataProxmoxVersion): Precondition {
  return {
    condition: `\${tonumber(split(".", ${fqn}.version)[0]) >= 9}`,
    errorMessage: `this is Proxmox VE \${${fqn}.version}, and its API lacks privileges of version 9. upgrade to 9`,
  };
}

interface Grant {
  readonly roleId: string;
  readonly userId: string;
  readonly privileges: readonly string[];
  /** Whether it holds below the path as well. */
  readonly propagate: boolean;
}
