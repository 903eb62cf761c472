/** An answer of the API that is no success: Proxmox VE puts the text into the status line and the body. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    message: string,
    /** One text per parameter. */
    readonly errors?: Readonly<Record<string, string>>,
  ) {
    super(message);
  }
}

/** What a Perl `die` in a handler becomes. */
export const failure = (message: string): ApiError => new ApiError(500, message);

export const parameterError = (errors: Readonly<Record<string, string>>): ApiError =>
  new ApiError(400, "Parameter verification failed.", errors);

export const permissionDenied = (what?: string): ApiError =>
  new ApiError(403, what ? `Permission check failed (${what})` : "Permission check failed");
