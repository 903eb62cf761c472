import type { StateBackend } from "./cluster-config";
import type { Complaint } from "./errors";
import { show } from "./errors";
import { accountId, stateBackends } from "./schema/state";
import { workerUrl } from "./schema/values";
import { closestWord } from "./spelling";

/** The environment variables that the configuration depends on; `process.env` fits. */
export interface ConfigEnvironment {
  /** Overrides `state.backend`. */
  readonly STATE_BACKEND?: string;
  /** Overrides `state.url`. */
  readonly STATE_URL?: string;
  /** Fills `state.account_id` where the file has none. */
  readonly CLOUDFLARE_ACCOUNT_ID?: string;
}

/** What the environment decides about the state. */
export interface StateOverrides {
  readonly backend?: StateBackend;
  readonly url?: string;
  /** Used where the file has no `state.account_id`. */
  readonly accountId?: string;
}

/** Reads the variables; an empty one counts as unset, as shells and CI systems mean it. */
export function readEnvironment(env: ConfigEnvironment): {
  overrides: StateOverrides;
  complaints: Complaint[];
} {
  const complaints: Complaint[] = [];
  const wanted = env.STATE_BACKEND || undefined;
  const backend = stateBackends.find((each) => each === wanted);
  if (wanted !== undefined && backend === undefined) {
    const meant = closestWord(wanted, stateBackends);
    const hint = meant === undefined ? "use one of them" : `did you mean ${meant}?`;
    complaints.push({
      text: `STATE_BACKEND ${show(wanted)} is not one of ${stateBackends.join(", ")}; ${hint}`,
    });
  }
  const account = accountId.safeParse(env.CLOUDFLARE_ACCOUNT_ID || undefined);
  if (!account.success && env.CLOUDFLARE_ACCOUNT_ID) {
    const [issue] = account.error.issues;
    complaints.push({ text: `CLOUDFLARE_ACCOUNT_ID ${show(env.CLOUDFLARE_ACCOUNT_ID)} ${issue?.message}` });
  }
  const url = workerUrl.safeParse(env.STATE_URL || undefined);
  if (!url.success && env.STATE_URL) {
    const [issue] = url.error.issues;
    complaints.push({ text: `STATE_URL ${show(env.STATE_URL)} ${issue?.message}` });
  }
  return { overrides: { backend, accountId: account.data, url: url.data }, complaints };
}
