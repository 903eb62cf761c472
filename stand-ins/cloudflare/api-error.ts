import type { ContentfulStatusCode } from "hono/utils/http-status";

/** An error answer of the API, with Cloudflare's own error code. */
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
