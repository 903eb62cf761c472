/** Who makes a call: an API token of a user, the only way in that this API offers. */
export interface Caller {
  /** `user@realm!token`, as it appears in task ids. */
  readonly id: string;
  /** `user@realm` */
  readonly userId: string;
  readonly tokenId: string;
}
