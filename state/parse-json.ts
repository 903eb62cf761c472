import type { z } from "zod";
import { StateError } from "./errors";

/**
 * Reads JSON of a known shape.
 * @param where the JSON is from, for the error
 * @throws StateError with `fix`, where the text is not JSON or has another shape
 */
export function parseJson<T>(text: string, shape: z.ZodType<T>, where: string, fix: string): T {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw new StateError(`${where} is damaged, or has another format`, fix);
  }
}
