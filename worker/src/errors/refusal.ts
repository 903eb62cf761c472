import { answerOf, type WorkerError } from "./catalogue";

/** Thrown to refuse a request. A Durable Object answers with it as data, see {@link Outcome}. */
export class Refusal extends Error {
  constructor(readonly error: WorkerError) {
    super(answerOf(error).message);
  }
}

/** Result of a call to a Durable Object. An exception would lose its class on the way, so a refusal is a value. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: WorkerError };

/** The value of a call. @throws Refusal if it was refused */
export function unwrap<T>(result: Outcome<T>): T {
  if (result.ok) return result.value;
  throw new Refusal(result.error);
}

/** Runs `work`, and turns what it throws into data. */
export async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: errorOf(error) };
  }
}

/** The error behind something that was thrown. What is not a {@link Refusal} is a fault of the storage, and logged. */
export function errorOf(thrown: unknown): WorkerError {
  if (thrown instanceof Refusal) return thrown.error;
  console.error(JSON.stringify({ level: "error", event: "storage_fault", error: String(thrown) }));
  return { code: "storage_unavailable" };
}
