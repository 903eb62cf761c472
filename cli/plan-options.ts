/** What `npm run plan` and `npm run drift` take besides the arguments of `cdktf diff`. */
export interface PlanOptions {
  /** What the plan may lose. */
  readonly allow: readonly string[];
  /** Undefined where none was chosen. */
  readonly format?: "summary" | "json";
  /** The arguments of cdktf. */
  readonly rest: readonly string[];
}

/** @throws where `--allow` has no value */
export function planOptions(given: readonly string[]): PlanOptions {
  const allow: string[] = [];
  const rest: string[] = [];
  let format: PlanOptions["format"];
  for (let index = 0; index < given.length; index++) {
    const argument = given[index] ?? "";
    const [, value] = /^--allow=(.*)$/.exec(argument) ?? [];
    if (argument === "--summary") format = "summary";
    else if (argument === "--json") format = "json";
    else if (argument === "--allow" || value !== undefined) {
      const names = (value ?? given[++index] ?? "").split(",").filter(Boolean);
      if (names.length === 0 || names[0]?.startsWith("-"))
        throw new Error(
          "--allow has no name; name what the plan may lose, as the refusal says: --allow cp-1",
        );
      allow.push(...names);
    } else rest.push(argument);
  }
  return { allow, ...(format && { format }), rest };
}
