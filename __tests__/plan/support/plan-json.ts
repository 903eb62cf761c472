export const VM = "proxmox_virtual_environment_vm";

/** A change of a resource, as `tofu show -json` has it. */
export function resource(
  address: string,
  actions: readonly string[],
  change: object = {},
  more: object = {},
) {
  const [type = "", name = ""] = address.split(/[.[]/);
  return {
    address,
    mode: "managed",
    type,
    name,
    ...more,
    change: {
      actions,
      before: null,
      after: null,
      after_unknown: {},
      before_sensitive: {},
      after_sensitive: {},
      ...change,
    },
  };
}

/** A VM that is no longer in the program. */
export const destroyed = (name: string) =>
  resource(
    `${VM}.${name}`,
    ["delete"],
    { before: { name } },
    { action_reason: "delete_because_no_resource_config" },
  );

/** A plan, as `tofu show -json` has it. */
export function planOf(changes: readonly object[], more: object = {}): string {
  return JSON.stringify({ format_version: "1.2", resource_changes: changes, ...more });
}

/** The control planes before and after, by the output that names them. */
export const controllers = (...names: string[]) => ({
  output_changes: { controller_nodes: { actions: ["no-op"], before: names, after: names } },
});
