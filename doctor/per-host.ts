import { ProxmoxError } from "../proxmox/api";
import { type Line, notChecked } from "./line";

/** The lines of each host, once. A host that does not answer does not keep the others from being looked at. */
export async function perHost(
  hosts: readonly string[],
  linesOf: (host: string) => Promise<readonly Line[]>,
): Promise<readonly Line[]> {
  const all = [...new Set(hosts)].map(async (host) => {
    try {
      return await linesOf(host);
    } catch (error) {
      if (!(error instanceof ProxmoxError)) throw error;
      return [notChecked(`${host}: ${error.message}`, `see what is wrong with ${host}`)];
    }
  });
  return (await Promise.all(all)).flat();
}
