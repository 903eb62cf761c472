import type { Context } from "hono";
import type { z } from "zod";
import { ApiError } from "../api-error";
import { parse } from "../parse";

/** A success answer. Its JSON is compact, because the provider saves parts of it byte by byte. */
export const success = (c: Context, result: unknown): Response => c.json(envelopeOf(result));

/** One page of a list, with the number of all items. */
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

/** The JSON body of a request. @throws ApiError 400 where it is not JSON or does not match the schema */
export async function readBody<T>(c: Context, schema: z.ZodType<T>, code: number): Promise<T> {
  let body: unknown;
  try {
    body = await c.req.json();
  } catch {
    throw new ApiError(400, code, "The request body is not valid JSON.");
  }
  return parse(schema, body, code);
}
