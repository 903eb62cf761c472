import type { AccessControl } from "../access/access-control";
import type { Caller } from "../access/caller";
import type { Privilege } from "../access/privileges";
import { ApiError } from "./errors";

/** Whether a call is allowed, asked before its parameters are looked at. @throws ApiError 403 */
export type Permission = (
  access: AccessControl,
  caller: Caller,
  values: Readonly<Record<string, string>>,
) => void;

/** Any caller with a valid token; the handler checks what it needs to. */
export const anyCaller: Permission = () => undefined;

/** All of the privileges on a path, which may be a template: `/vms/{vmid}`. */
export const requires =
  (path: string, ...privileges: readonly Privilege[]): Permission =>
  (access, caller, values) =>
    access.check(caller, fill(path, values), privileges);

/** One of the privileges on a path. */
export const requiresAny =
  (path: string, ...privileges: readonly Privilege[]): Permission =>
  (access, caller, values) =>
    access.checkAny(caller, fill(path, values), privileges);

export const allOf =
  (...permissions: readonly Permission[]): Permission =>
  (access, caller, values) => {
    for (const permission of permissions) permission(access, caller, values);
  };

/** The first that holds; the text of the last when none does. */
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
