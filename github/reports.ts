import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import type { Difference, PlanSummary } from "../plan";
import { GitHubError } from "./job";

const finding = z.object({
  rule: z.enum(["vm", "disk", "quorum", "state", "secrets"]),
  address: z.string(),
  allow: z.string(),
  message: z.string(),
});
const action = z.enum(["create", "update", "replace", "destroy", "forget", "import", "move"]);
const change = z.object({
  address: z.string(),
  action,
  reason: z.string().optional(),
  attributes: z.array(
    z.object({ path: z.string(), before: z.string(), after: z.string(), forcesReplacement: z.boolean() }),
  ),
});
const planSummary: z.ZodType<PlanSummary> = z.object({
  counts: z.record(action, z.number()),
  groups: z.array(z.object({ node: z.string().nullable(), changes: z.array(change) })),
  outputs: z.array(z.string()),
  warnings: z.array(z.string()),
  refused: z.array(finding),
  allowed: z.array(finding),
  hasChanges: z.boolean(),
});
const drift: z.ZodType<{ readonly differences: readonly Difference[] }> = z.object({
  differences: z.array(
    z.object({
      node: z.string().nullable(),
      address: z.string(),
      attribute: z.string().nullable(),
      wanted: z.string(),
      found: z.string(),
    }),
  ),
});

/** Reads what `npm run plan -- --json` printed; undefined if it printed nothing, because it made no plan. */
export function readPlanSummary(file: string): PlanSummary | undefined {
  const text = readText(file, "npm run plan -- --json");
  return text.trim() === "" ? undefined : parse(text, file, planSummary, "npm run plan -- --json");
}

/** Reads what `npm run drift -- --json` printed. */
export function readDriftReport(file: string): readonly Difference[] {
  const command = "npm run drift -- --json";
  return parse(readText(file, command), file, drift, command).differences;
}

function readText(file: string, command: string): string {
  if (existsSync(file)) return readFileSync(file, "utf8");
  throw new GitHubError(`there is no ${file}; write the output of ${command} to it`);
}

function parse<Value>(text: string, file: string, type: z.ZodType<Value>, command: string): Value {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new GitHubError(`${file} is not JSON; write the output of ${command} to it`);
  }
  const parsed = type.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new GitHubError(
    `${file} is not the output of ${command}: ${issue?.path.join(".")} ${issue?.message}; write that to it`,
  );
}
