/** Milliseconds that each call of a store waits before it is carried out, as the network of the real platform makes it. */
export interface Delays {
  /** Of each operation of R2. */
  readonly r2: number;
  /** Of each call of a Durable Object. */
  readonly object: number;
}
