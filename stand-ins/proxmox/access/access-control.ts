import { timingSafeEqual } from "node:crypto";
import { ApiError, permissionDenied } from "../api/errors";
import { type AclEntry, type ApiToken, type ClusterState, nowSeconds, type User } from "../model";
import { BUILT_IN_ROLES, isPrivilege, PRIVILEGES, type Privilege } from "./privileges";

const HEADER = /^PVEAPIToken=(?<user>[^@\s]+@[^!\s]+)!(?<token>[^=\s]+)=(?<secret>\S+)$/;

/** Who makes a call: an API token of a user. There is no login with a password. */
export interface Caller {
  /** `user@realm!token`, as it appears in task ids. */
  readonly id: string;
  /** `user@realm` */
  readonly userId: string;
  readonly tokenId: string;
}

/** API tokens, roles and the access control list, evaluated as in Proxmox VE. */
export class AccessControl {
  constructor(private readonly state: ClusterState) {}

  /** @throws ApiError 401, which as in Proxmox VE does not say what is wrong with the token */
  authenticate(header: string | undefined): Caller {
    if (!header) throw new ApiError(401, "No ticket");
    const { user: userId, token: tokenId, secret } = HEADER.exec(header)?.groups ?? {};
    const user = userId ? this.state.users[userId] : undefined;
    const token = tokenId ? user?.tokens[tokenId] : undefined;
    if (!userId || !tokenId || !secret || !user || !token || !isValid(user, token, secret)) {
      throw new ApiError(401, "Authentication failed!");
    }
    return { id: `${userId}!${tokenId}`, userId, tokenId };
  }

  /** Whether the caller is root itself and not a token of root: never, since nobody can log in with a password here. */
  isRoot(caller: Caller): boolean {
    return caller.id === "root@pam";
  }

  /** @throws ApiError 403 that names the first missing privilege */
  check(caller: Caller, path: string, privileges: readonly Privilege[]): void {
    const held = this.privileges(caller, path);
    for (const privilege of privileges) {
      if (!held.has(privilege)) throw permissionDenied(`${path}, ${privilege}`);
    }
  }

  /** @throws ApiError 403 */
  checkAny(caller: Caller, path: string, privileges: readonly Privilege[]): void {
    const held = this.privileges(caller, path);
    if (!privileges.some((privilege) => held.has(privilege))) {
      throw permissionDenied(`${path}, ${privileges.join("|")}`);
    }
  }

  allows(caller: Caller, path: string, privilege: Privilege): boolean {
    return this.privileges(caller, path).has(privilege);
  }

  /** Checks the privileges on a VM, or on the pool that it is being created in. @throws ApiError 403 */
  checkVm(caller: Caller, vmid: number, pool: string | undefined, privileges: readonly Privilege[]): void {
    const missing = privileges.some((privilege) => !this.allows(caller, `/vms/${vmid}`, privilege));
    if (missing && pool) this.check(caller, `/pool/${pool}`, privileges);
    else this.check(caller, `/vms/${vmid}`, privileges);
  }

  /** The privileges of a caller on a path. */
  privileges(caller: Caller, path: string): ReadonlySet<Privilege> {
    return new Set(this.propagation(caller, path).keys());
  }

  /** The privileges of a caller on a path, and whether each applies further down too. */
  propagation(caller: Caller, path: string): ReadonlyMap<Privilege, boolean> {
    const token = this.state.users[caller.userId]?.tokens[caller.tokenId];
    const ofUser = this.privilegesOf("user", caller.userId, path);
    if (!token?.privsep) return ofUser;
    const ofToken = this.privilegesOf("token", caller.id, path);
    const both = [...ofToken].filter(([privilege]) => ofUser.has(privilege));
    return new Map(
      both.map(([privilege, propagate]) => [privilege, propagate && ofUser.get(privilege) === true]),
    );
  }

  /** @returns undefined for a role that does not exist */
  rolePrivileges(roleid: string): readonly Privilege[] | undefined {
    return BUILT_IN_ROLES[roleid] ?? this.state.roles[roleid]?.filter(isPrivilege);
  }

  private privilegesOf(type: "user" | "token", ugid: string, path: string): ReadonlyMap<Privilege, boolean> {
    if (ugid === "root@pam") return new Map(PRIVILEGES.map((privilege) => [privilege, true]));
    const pool = this.poolOf(path);
    const entries = [
      ...this.entriesAt(type, ugid, path),
      ...(pool ? this.entriesAt(type, ugid, `/pool/${pool}`) : []),
    ];
    const held = new Map<Privilege, boolean>();
    if (entries.some(({ roleid }) => roleid === "NoAccess")) return held;
    for (const { roleid, propagate } of entries) {
      for (const privilege of this.rolePrivileges(roleid) ?? []) {
        held.set(privilege, propagate || held.get(privilege) === true);
      }
    }
    return held;
  }

  /** The entries for a path. Those nearest to it replace those further up. */
  private entriesAt(type: "user" | "token", ugid: string, path: string): readonly AclEntry[] {
    let nearest: readonly AclEntry[] = [];
    for (const ancestor of ancestors(path)) {
      const here = this.state.acl.filter(
        (entry) =>
          entry.type === type &&
          entry.ugid === ugid &&
          entry.path === ancestor &&
          (entry.propagate || ancestor === path),
      );
      if (here.length > 0) nearest = here;
    }
    return nearest;
  }

  private poolOf(path: string): string | undefined {
    const [, area, id = ""] = path.split("/");
    if (area === "vms") return this.state.guests[id]?.pool;
    if (area !== "storage") return undefined;
    return Object.entries(this.state.pools).find(([, pool]) => pool.storages.includes(id))?.[0];
  }
}

/** `/`, `/vms`, `/vms/201` */
function ancestors(path: string): readonly string[] {
  const parts = path.split("/").filter(Boolean);
  return ["/", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)];
}

function isValid(user: User, token: ApiToken, secret: string): boolean {
  const now = nowSeconds();
  const expired = (expire: number) => expire > 0 && expire < now;
  if (!user.enable || expired(user.expire) || expired(token.expire)) return false;
  const [given, wanted] = [Buffer.from(secret), Buffer.from(token.secret)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
