/** An error answer of the API. As in Proxmox VE, its text is in the status line and in the body. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    message: string,
    /** A text for each wrong parameter. */
    readonly errors?: Readonly<Record<string, string>>,
  ) {
    super(message);
  }
}

/** The answer to a Perl `die` in a handler of Proxmox VE. */
export const failure = (message: string): ApiError => new ApiError(500, message);

export const parameterError = (errors: Readonly<Record<string, string>>): ApiError =>
  new ApiError(400, "Parameter verification failed.", errors);

export const permissionDenied = (what?: string): ApiError =>
  new ApiError(403, what ? `Permission check failed (${what})` : "Permission check failed");
