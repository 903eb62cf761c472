import type { ContentfulStatusCode } from "hono/utils/http-status";

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
