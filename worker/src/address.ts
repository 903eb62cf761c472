import { Refusal } from "./errors/refusal";
import { isLoopback } from "./loopback";
import type { Settings } from "./settings";

/**
 * Refuses a request to an address that is not the Worker's, before anything of it is looked at.
 * @throws Refusal 421, or 409 for a lock; no client takes either for "no state"
 */
export function requireOwnAddress(method: string, url: URL, { domain, basePath }: Settings): void {
  const isLock = method === "LOCK" || url.pathname.endsWith("/lock");
  if (url.protocol !== "https:" && !isLoopback(url)) {
    throw new Refusal({ code: "https_required", isLock, address: `https://${url.host}` });
  }
  if (domain && /\.workers\.dev\.?$/i.test(url.hostname)) {
    throw new Refusal({ code: "moved", isLock, host: url.hostname, address: `https://${domain}${basePath}` });
  }
}
