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

  get code(): status {
    return status[this.status];
  }
}
