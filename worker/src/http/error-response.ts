import { answerOf, type WorkerError } from "../errors/catalogue";

/** The answer to a refused request. The holder's fields are at the top level too, where the clients look for them. */
export function errorResponse(error: WorkerError): Response {
  const { status, message, fix, holder, retryAfter } = answerOf(error);
  // Of a LOCK that is answered 409 or 423, clients print the fields of LockInfo, and nothing else of any error.
  const shown = holder ? { ...holder, holder } : status === 409 ? { Info: `${message}; ${fix}` } : {};
  const body = { error: error.code, message, fix, ...shown };
  const headers = new Headers();
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  if (status === 401) headers.set("www-authenticate", 'Basic realm="tfstate", charset="UTF-8"');
  return Response.json(body, { status, headers });
}
