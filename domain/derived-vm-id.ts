import type { Address } from "./ip";

/**
 * The id of a VM for which none is set. It is derived from the address of the VM only, so that it stays the same when other nodes are
 * added, removed or reordered. IPv4: 1 and the last two numbers, with three digits each: 10.20.7.187 has 1007187. IPv6: 200000 and the last 16
 * bits. No IPv4 address has the id of an IPv6 address.
 */
export function derivedVmId({ family, parsed }: Address): number {
  const [high = 0, low = 0] = parsed.toByteArray().slice(-2);
  return family === "IPv4" ? 1_000_000 + high * 1000 + low : 200_000 + high * 256 + low;
}
