import { z } from "zod";

/**
 * The part of `tofu show -json PLAN` that is read here.
 * @see https://opentofu.org/docs/internals/json-format/#plan-representation
 */
const planFile = z.object({
  format_version: z.string().regex(/^1\./, "is not 1.x, the format that this program reads"),
  resource_changes: z
    .array(
      z.object({
        address: z.string(),
        mode: z.enum(["managed", "data", "ephemeral"]).catch("managed"),
        type: z.string(),
        name: z.string(),
        previous_address: z.string().optional(),
        action_reason: z.string().optional(),
        change: z.object({
          actions: z.array(z.string()),
          before: z.unknown().optional(),
          after: z.unknown().optional(),
          after_unknown: z.unknown().optional(),
          before_sensitive: z.unknown().optional(),
          after_sensitive: z.unknown().optional(),
          replace_paths: z.array(z.array(z.union([z.string(), z.number()]))).default([]),
          importing: z.unknown().optional(),
        }),
      }),
    )
    .default([]),
  /** What has changed since the last apply, without this program. */
  resource_drift: z.array(z.unknown()).default([]),
  /** What was read before the plan: resources, and data sources. Of a state that there is none of, the latter alone. */
  prior_state: z
    .object({
      values: z
        .object({
          root_module: z
            .object({
              resources: z
                .array(z.object({ address: z.string(), mode: z.string(), values: z.unknown().optional() }))
                .default([]),
            })
            .optional(),
        })
        .optional(),
    })
    .optional(),
  output_changes: z
    .record(
      z.string(),
      // Without an `after` where it is not known yet.
      z.object({
        actions: z.array(z.string()),
        before: z.unknown().optional(),
        after: z.unknown().optional(),
      }),
    )
    .default({}),
  checks: z
    .array(
      z.object({
        address: z.object({ to_display: z.string() }),
        instances: z
          .array(z.object({ problems: z.array(z.object({ message: z.string() })).default([]) }))
          .default([]),
      }),
    )
    .default([]),
  errored: z.boolean().default(false),
});

export type PlanFile = z.output<typeof planFile>;
export type ResourceChange = PlanFile["resource_changes"][number];

/**
 * Reads the output of `tofu show -json PLAN`.
 * @throws if it is none, or of a plan that ended with an error
 */
export function readPlanFile(text: string, name: string): PlanFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`${name} is not JSON; give the output of \`tofu show -json PLAN\``);
  }
  const parsed = planFile.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") || "it";
    throw new Error(
      `${name} is not the JSON of a plan: ${where} ${issue?.message}; give the output of \`tofu show -json PLAN\``,
    );
  }
  if (parsed.data.errored) {
    throw new Error(`${name} is of a plan that ended with an error; fix that first and plan again`);
  }
  return parsed.data;
}
