import type { LockInfo } from "./lock-info";

/** What a refused request is told; every error of this Worker is one of these, sent as JSON. */
export interface Problem {
  /** HTTP status. */
  readonly status: number;
  /** Stable, machine-readable name of the error, such as `serial_regressed`. */
  readonly code: string;
  /** What happened, with the bad value. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
  /** Who holds the lock, where that is the reason. */
  readonly holder?: LockInfo;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter?: number;
}

/** Thrown inside the Worker to refuse a request. Durable Object calls return it as data (see {@link Outcome}). */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/** Result of a Durable Object call. Exceptions lose their class on the way, so refusals travel as values. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

/** The value of a call. @throws Refusal where it was refused */
export function unwrap<T>(result: Outcome<T>): T {
  if (result.ok) return result.value;
  throw new Refusal(result.problem);
}

/** Runs `work` and turns a {@link Refusal} into data. Anything else is a fault of storage: 503, worth a retry. */
export async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, problem: error.problem };
    return { ok: false, problem: storageFault(error) };
  }
}

/** Storage did not do what we asked. Nothing may be concluded from it, least of all that there is no state. */
export function storageFault(error: unknown): Problem {
  console.error(JSON.stringify({ level: "error", event: "storage_fault", error: String(error) }));
  return {
    status: 503,
    code: "storage_unavailable",
    message: "the storage behind this state did not answer; the last committed version is unchanged",
    fix: "try again; the next request repairs what was left half done",
    retryAfter: 1,
  };
}

/** The configuration does not say what the Worker has to know. */
export function notConfigured(defects: readonly string[]): Refusal {
  return new Refusal({
    status: 503,
    code: "not_configured",
    message: `this Worker is locked: ${defects.join("; ")}`,
    fix: "correct the configuration and deploy again; there is no default credential",
  });
}

/** The JSON body of an error. The holder's fields are at the top level too: there the clients look for them. */
export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  const { status, code, message, fix, holder, retryAfter } = problem;
  const body = { error: code, message, fix, ...(holder ? { ...holder, holder } : {}) };
  return Response.json(body, {
    status,
    headers: {
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      ...headers,
    },
  });
}
