/** Who asks a state's Durable Object. Whether they may at all was decided by the Worker. */
export interface Caller {
  /** Such as `basic:alice`. */
  readonly id: string;
  /** The client's address, for the record. */
  readonly origin: string;
  /** May break other people's locks and use overrides. */
  readonly admin: boolean;
}
