import type { ErrorAnswer } from "./error-answer";
import { lockErrors } from "./lock-errors";
import { requestErrors } from "./request-errors";
import { versionErrors } from "./version-errors";

const catalogue = { ...requestErrors, ...lockErrors, ...versionErrors };

/** Stable, machine-readable name of an error: `error` in the answer. */
export type ErrorCode = keyof typeof catalogue;

type Facts<Code extends ErrorCode> =
  Parameters<(typeof catalogue)[Code]> extends [infer Given] ? Given : unknown;

/**
 * Everything that this Worker can refuse a request for: a code and the facts that its entry in the catalogue takes.
 * It is plain data, so it survives the way from a Durable Object to the Worker.
 */
export type WorkerError = { [Code in ErrorCode]: { readonly code: Code } & Facts<Code> }[ErrorCode];

/** Status, message and fix of an error. */
export function answerOf(error: WorkerError): ErrorAnswer {
  // The type of `error` ties its facts to its code; the compiler cannot follow that through the lookup.
  const describe = catalogue[error.code] as (facts: WorkerError) => ErrorAnswer;
  return describe(error);
}
