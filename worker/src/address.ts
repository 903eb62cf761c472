import { Refusal } from "./errors/refusal";
import { isLoopback } from "./loopback";
import type { Settings } from "./settings";

/**
 * Refuses a request to an address that is not the Worker's, before anything of it is looked at.
 * @throws Refusal 421, which no client takes for "no state"
 */
export function requireOwnAddress(url: URL, { domain, basePath }: Settings): void {
  if (url.protocol !== "https:" && !isLoopback(url)) {
    throw new Refusal({ code: "https_required", address: `https://${url.host}` });
  }
  if (domain && /\.workers\.dev\.?$/i.test(url.hostname)) {
    throw new Refusal({ code: "moved", host: url.hostname, address: `https://${domain}${basePath}` });
  }
}
