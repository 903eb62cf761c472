import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../process/write-file-atomic";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** The variables that decide what is synthesized, and that are set for one plan. */
export const SYNTH_VARIABLES = [
  "HOSTS_DOWN",
  "ALLOW_REPLACE",
  "ALLOW_NEW_SECRETS",
  "ALLOW_DESTROY",
  "TALOS_API_ENDPOINTS",
] as const;

const planRecord = z.object({
  version: z.literal(1),
  /** RFC 3339 */
  createdAt: z.string(),
  /** The id of the stack. */
  stack: z.string().regex(/^[\w-][\w.-]*$/),
  /** Which of several clusters; null if there is one. */
  cluster: z.string().nullable(),
  /** What was checked out; null outside of git. */
  source: z.object({ commit: z.string(), tree: z.string() }).nullable(),
  /** Of the synthesized `cdk.tf.json`. */
  programSha256: sha256,
  planSha256: sha256,
  /** The state that the plan is about; null if there was none. */
  state: z.object({ serial: z.number(), lineage: z.string() }).nullable(),
  /** What the plan may lose. */
  allow: z.array(z.string()),
  /** The variables that the program was synthesized with. */
  environment: z.partialRecord(z.enum(SYNTH_VARIABLES), z.string()),
});

/** What a kept plan was made of. It stands beside the plan, in the clear, and holds no secret. */
export type PlanRecord = Readonly<z.output<typeof planRecord>>;

/** What a plan depends on, as it is now. */
export type PlanBasis = Pick<PlanRecord, "source" | "programSha256" | "state">;

/** The file beside a plan that says what the plan was made of. */
export const recordPath = (planPath: string): string => `${planPath}.json`;

/**
 * Makes room for a plan that is to be kept: an older one would be taken for it, where the new one is refused or fails.
 * @throws if there is something else, which would be overwritten
 */
export function removeKeptPlan(path: string): void {
  const beside = recordPath(path);
  const there = [path, beside].filter((each) => existsSync(each));
  if (there.length === 0) return;
  if (!planRecord.safeParse(existsSync(beside) ? readJson(beside) : undefined).success)
    throw new Error(
      `${there.join(" and ")} would be overwritten, and is no plan that was kept; name another file: --out plan.bin`,
    );
  // A plan without its record is not applied, so that an interrupted removal does no harm.
  for (const each of [beside, path]) rmSync(each, { force: true });
}

/**
 * Keeps a plan and what it was made of.
 * @throws if the plan is not encrypted: every secret of the state is in it
 */
export function keepPlan(
  path: string,
  plan: Uint8Array,
  record: Omit<PlanRecord, "version" | "planSha256">,
): void {
  requireEncrypted(path, plan);
  mkdirSync(dirname(path), { recursive: true });
  writeFileAtomic(path, plan);
  const whole: PlanRecord = { version: 1, ...record, planSha256: digest(plan) };
  writeFileAtomic(recordPath(path), `${JSON.stringify(whole, null, 2)}\n`);
}

/** @throws if a plan is in the clear, so that it is not kept in `path` */
export function requireEncrypted(path: string, plan: Uint8Array): void {
  if (isEncrypted(plan)) return;
  throw new Error(
    `the plan is not kept in ${path}, because it is not encrypted and has every secret of the state in it; set state.encryption in cluster.yaml, or use npm run deploy`,
  );
}

/** Reads a plan that {@link keepPlan} kept. @throws if it or its record is missing or another one */
export function readKeptPlan(path: string): { readonly plan: Uint8Array; readonly record: PlanRecord } {
  const advice = "make it with npm run plan -- --out FILE";
  if (!existsSync(path)) throw new Error(`there is no plan in ${path}; ${advice}`);
  const beside = recordPath(path);
  if (!existsSync(beside))
    throw new Error(`${beside} is missing, which says what the plan was made of; ${advice}`);
  const json = readJson(beside);
  if (json === undefined) throw new Error(`${beside} is not JSON; ${advice}`);
  const parsed = planRecord.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(
      `${beside} is no record of a plan: ${issue?.path.join(".")} ${issue?.message}; ${advice}`,
    );
  }
  const plan = readFileSync(path);
  if (digest(plan) !== parsed.data.planSha256)
    throw new Error(`${path} is not the plan that ${beside} describes; ${advice}`);
  if (!isEncrypted(plan)) throw new Error(`${path} is not encrypted, so anybody may have made it; ${advice}`);
  return { plan, record: parsed.data };
}

/** @returns undefined if it is none */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Why a plan must not be applied any more, with the way on; undefined if it still holds. */
export function staleReason({ source, programSha256, state }: PlanBasis, now: PlanBasis): string | undefined {
  const again = "make a new plan";
  if (source !== null && source.tree !== now.source?.tree) {
    const here = now.source === null ? "no commit" : `commit ${short(now.source.commit)}, whose files differ`;
    return `the plan was made of commit ${short(source.commit)}, and here is ${here}; check that one out, or ${again}`;
  }
  if (programSha256 !== now.programSha256)
    return `the program synthesizes another cdk.tf.json than the plan was made of (files that are not committed, or variables that decide it); ${again}`;
  if (state === null || now.state === null) {
    if (state === now.state) return undefined;
    return state === null
      ? `the plan was made when there was no state, and there is one now, of serial ${now.state?.serial}; ${again}`
      : `the plan was made of serial ${state.serial} of the state, and there is no state now; find out where it is before you plan again: npm run state -- list`;
  }
  if (state.lineage !== now.state.lineage)
    return `the plan was made of another state: its lineage is ${state.lineage}, and that of the state now is ${now.state.lineage}; ${again}`;
  if (state.serial !== now.state.serial)
    return `the state has changed since the plan was made: it had serial ${state.serial}, and has ${now.state.serial} now; ${again}`;
  return undefined;
}

/** A plan in the clear is a ZIP archive; an encrypted one is JSON. */
const isEncrypted = (plan: Uint8Array): boolean => plan.byteLength > 0 && plan[0] === "{".charCodeAt(0);

export const digest = (bytes: string | Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

const short = (commit: string): string => commit.slice(0, 12);
