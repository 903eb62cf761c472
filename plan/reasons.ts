const GONE = "it is no longer in the program";

/** @see https://opentofu.org/docs/internals/json-format/#change-representation */
const REASONS: Readonly<Record<string, string>> = {
  replace_because_tainted: "an earlier apply left it unfinished",
  replace_because_cannot_update: "it cannot be changed in place",
  replace_by_request: "the plan was made with -replace",
  replace_by_triggers: "something that it depends on changes",
  delete_because_no_resource_config: GONE,
  delete_because_no_module: GONE,
  delete_because_no_move_target: GONE,
  delete_because_wrong_repetition: GONE,
  delete_because_count_index: GONE,
  delete_because_each_key: GONE,
};

/** Why OpenTofu replaces or destroys a resource, in words. @param reason `action_reason` of a plan */
export const reasonOf = (reason: string): string => REASONS[reason] ?? `OpenTofu says ${reason}`;
