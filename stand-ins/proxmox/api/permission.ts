import type { AccessControl, Caller } from "../access/access-control";
import type { Privilege } from "../access/privileges";
import { ApiError } from "./errors";

/** Checks whether a call is allowed, before its parameters are checked. @throws ApiError 403 */
export type Permission = (
  access: AccessControl,
  caller: Caller,
  values: Readonly<Record<string, string>>,
) => void;

/** Allows any caller with a valid token. The handler makes further checks. */
export const anyCaller: Permission = () => undefined;

/** Requires all of the privileges on a path, which may be a template: `/vms/{vmid}`. */
export const requires =
  (path: string, ...privileges: readonly Privilege[]): Permission =>
  (access, caller, values) =>
    access.check(caller, fill(path, values), privileges);

/** Requires one of the privileges on a path. */
export const requiresAny =
  (path: string, ...privileges: readonly Privilege[]): Permission =>
  (access, caller, values) =>
    access.checkAny(caller, fill(path, values), privileges);

export const allOf =
  (...permissions: readonly Permission[]): Permission =>
  (access, caller, values) => {
    for (const permission of permissions) permission(access, caller, values);
  };

/** Requires one of the permissions. If none holds, the error is that of the last one. */
export const oneOf =
  (...permissions: readonly Permission[]): Permission =>
  (access, caller, values) => {
    let refusal: ApiError | undefined;
    for (const permission of permissions) {
      try {
        permission(access, caller, values);
        return;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        refusal = error;
      }
    }
    if (refusal) throw refusal;
  };

const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
