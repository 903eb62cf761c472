// The few synchronous functions of `nodejs_compat` that we use; the Node types would clash with the Workers types.
declare module "node:crypto" {
  interface Hash {
    update(data: string | Uint8Array): this;
    digest(encoding: "hex" | "base64"): string;
  }
  export function createHash(algorithm: "sha256" | "md5"): Hash;
  /** Half the CPU time of {@link createHash}, which makes a stream. */
  export function hash(algorithm: "sha256" | "md5", data: string | Uint8Array, encoding: "hex"): string;
  const crypto: { timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean };
  export default crypto;
}
