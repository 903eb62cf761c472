/** An error that the user can act on. The message says what is wrong and where, then what to do. */
export class TalosError extends Error {
  override readonly name: string = "TalosError";
}

/** A node, or the API of Kubernetes, did not do what it was asked for. */
export class CallError extends TalosError {
  override readonly name = "CallError";

  constructor(
    /** Who was asked: a node, or `Kubernetes`. */
    readonly where: string,
    /** What it was asked for, without anything secret. */
    readonly what: string,
    /** What it said. */
    readonly said: string,
    /** gRPC's code (`Unavailable`) or the HTTP status; undefined if there is no answer. */
    readonly code?: string,
  ) {
    super(`${where}: ${what}: ${said}`);
  }
}
