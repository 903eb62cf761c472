import { ACCOUNT_ID } from "../domain/cloudflare";
import { STATE_BACKENDS, type StateBackend } from "../domain/state";
import { stateUrlProblem } from "../domain/url";
import type { Diagnostic } from "./diagnostic";
import { displayValue } from "./display-value";
import type { Path } from "./path";
import { closestWord } from "./spelling";

/** The environment variables that the configuration depends on; `process.env` fits. */
export interface ConfigEnvironment {
  /**
   * Overrides `state.backend`.
   *
   * @default - that of the file
   */
  readonly STATE_BACKEND?: string;
  /**
   * Overrides `state.url`.
   *
   * @default - that of the file
   */
  readonly STATE_URL?: string;
  /**
   * Used if the file has no `state.account_id`.
   *
   * @default - that of the file
   */
  readonly CLOUDFLARE_ACCOUNT_ID?: string;
}

/** Settings of the state from the environment. */
export interface StateOverrides {
  readonly backend?: StateBackend;
  readonly url?: string;
  /** Used where the file has no `state.account_id`. */
  readonly accountId?: string;
}

/** Reads the variables. An empty variable counts as unset, because CI systems set a missing one to "". */
export function readEnvironment(env: ConfigEnvironment): {
  readonly overrides: StateOverrides;
  /** The keys whose variables have bad values. */
  readonly refused: readonly Path[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const refused: Path[] = [];
  const read = <Value extends string>(
    name: keyof ConfigEnvironment,
    key: string,
    problemOf: (value: string) => string | undefined,
  ): Value | undefined => {
    const value = env[name] || undefined;
    const problem = value === undefined ? undefined : problemOf(value);
    if (problem === undefined) return value as Value | undefined;
    refused.push(["state", key]);
    diagnostics.push({ text: `${name} ${displayValue(value)} ${problem}` });
    return undefined;
  };
  const overrides = {
    backend: read<StateBackend>("STATE_BACKEND", "backend", backendProblem),
    accountId: read("CLOUDFLARE_ACCOUNT_ID", "account_id", (value) =>
      ACCOUNT_ID.regex.test(value) ? undefined : ACCOUNT_ID.advice,
    ),
    url: read("STATE_URL", "url", stateUrlProblem),
  };
  return { overrides, refused, diagnostics };
}

function backendProblem(value: string): string | undefined {
  if (STATE_BACKENDS.some((each) => each === value)) return undefined;
  const meant = closestWord(value, STATE_BACKENDS);
  const hint = meant === undefined ? "use one of them" : `did you mean ${meant}?`;
  return `is not one of ${STATE_BACKENDS.join(", ")}; ${hint}`;
}
