import { status } from "@grpc/grpc-js";

export type StatusName = keyof typeof status;

/** An answer with an error status. */
export class RpcError extends Error {
  override readonly name = "RpcError";

  constructor(
    readonly status: StatusName,
    message: string,
  ) {
    super(message);
  }

  /** The metadata of an answer of several nodes, as apid writes it for a node that has failed. */
  get metadata(): { readonly error: string; readonly status: object } {
    const { code, message } = this;
    return { error: `rpc error: code = ${goName(this.status)} desc = ${message}`, status: { code, message } };
  }

  get code(): status {
    return status[this.status];
  }
}

/** `AlreadyExists`, as Go prints the code of an error. */
const goName = (name: StatusName): string =>
  name === "CANCELLED"
    ? "Canceled"
    : name
        .split("_")
        .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
        .join("");
