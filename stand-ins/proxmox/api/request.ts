import type { IncomingMessage } from "node:http";
import { ApiError } from "./errors";
import type { RawParameters } from "./parameters";

const MAX_BODY_BYTES = 4 * 2 ** 20;

export interface ApiRequest {
  readonly method: string;
  /** Without the query, still percent-encoded. */
  readonly pathname: string;
  /** The parameters of query and body together. */
  readonly parameters: RawParameters;
  /** The body of a JSON request; only the control API uses it. */
  readonly json: unknown;
  readonly authorization?: string;
}

/** @throws ApiError 400, 413 */
export async function readRequest(message: IncomingMessage): Promise<ApiRequest> {
  // `URL` would resolve dots in a path.
  const [pathname = "/", query = ""] = (message.url ?? "/").split("?", 2);
  const parameters: Record<string, string | string[]> = {};
  const add = (pairs: URLSearchParams) => {
    for (const [name, value] of pairs) {
      const known = parameters[name];
      parameters[name] = known === undefined ? value : [known, value].flat();
    }
  };
  add(new URLSearchParams(query));
  const body = await readBody(message);
  const isJson = message.headers["content-type"]?.startsWith("application/json") === true;
  if (!isJson) add(new URLSearchParams(body));
  return {
    method: message.method ?? "GET",
    pathname,
    parameters,
    json: isJson ? parseJson(body) : undefined,
    authorization: message.headers.authorization,
  };
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ApiError(413, `body of more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(body: string): unknown {
  try {
    return body === "" ? undefined : JSON.parse(body);
  } catch {
    throw new ApiError(400, "the body is not JSON");
  }
}
