import { answerOf, type WorkerError } from "../errors/catalogue";

/** The answer to a refused request. The holder's fields are at the top level too, where the clients look for them. */
export function errorResponse(error: WorkerError): Response {
  const { status, message, fix, holder, retryAfter } = answerOf(error);
  const body = { error: error.code, message, fix, ...(holder ? { ...holder, holder } : {}) };
  const headers = new Headers();
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  if (status === 401) headers.set("www-authenticate", 'Basic realm="tfstate", charset="UTF-8"');
  return Response.json(body, { status, headers });
}
