import type { Address } from "./ip";

/**
 * The id of a VM that none is given: made of its own address alone, so that it stays when other nodes come, go or change
 * places. IPv4: 1 and the last two numbers, with three digits each: 10.20.7.187 has 1007187. IPv6: 200000 and the last 16
 * bits. No IPv4 address has the id of an IPv6 address.
 */
export function derivedVmId({ family, parsed }: Address): number {
  const [high = 0, low = 0] = parsed.toByteArray().slice(-2);
  return family === "IPv4" ? 1_000_000 + high * 1000 + low : 200_000 + high * 256 + low;
}
