import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";

/** An answer of the API that is no success, with Cloudflare's own number for it. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: ContentfulStatusCode,
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** The envelope of every answer. It is compact: the provider keeps some of it byte by byte. */
export const success = (c: Context, result: unknown): Response => c.json(envelopeOf(result));

/** One page of a list, and how much there is. */
export function successPage(
  c: Context,
  all: readonly unknown[],
  { page, per_page }: { readonly page: number; readonly per_page: number },
): Response {
  const result = all.slice((page - 1) * per_page, page * per_page);
  const result_info = { page, per_page, count: result.length, total_count: all.length };
  return c.json({ ...envelopeOf(result), result_info });
}

const envelopeOf = (result: unknown) => ({ result, success: true, errors: [], messages: [] });

export const failure = (c: Context, { status, code, message }: ApiError): Response =>
  c.json({ result: null, success: false, errors: [{ code, message }], messages: [] }, status);

/** The JSON body of a request. @throws ApiError 400 where it is none or has another shape */
export async function readBody<T>(c: Context, schema: z.ZodType<T>, code: number): Promise<T> {
  let body: unknown;
  try {
    body = await c.req.json();
  } catch {
    throw new ApiError(400, code, "The request body is not valid JSON.");
  }
  return parse(schema, body, code);
}

/** @throws ApiError 400 that names the first thing which is wrong */
export function parse<T>(schema: z.ZodType<T>, value: unknown, code: number): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") || "body";
  throw new ApiError(400, code, `${where}: ${issue?.message ?? "invalid"}`);
}
