import type { z } from "zod";
import { ApiError } from "./api-error";

/** Validates a value against a schema. @throws ApiError 400 that names the first problem */
export function parse<T>(schema: z.ZodType<T>, value: unknown, code: number): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") || "body";
  throw new ApiError(400, code, `${where}: ${issue?.message ?? "invalid"}`);
}
