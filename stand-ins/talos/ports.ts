import { Listener } from "./node/listener";

/** How often another port is tried where any free port will do. */
const ATTEMPTS = 20;

/**
 * Opens a listener for each node: the same port on 127.0.0.2, 127.0.0.3 …, or consecutive ports on one address.
 * @param port 0 takes free ones
 * @throws where a port is taken, or the machine has no such address
 */
export async function openListeners(
  count: number,
  { port, oneAddress }: { readonly port: number; readonly oneAddress: boolean },
): Promise<readonly Listener[]> {
  for (let attempt = 1; ; attempt++) {
    const open: Listener[] = [];
    try {
      for (let index = 0; index < count; index++) {
        const host = oneAddress ? "127.0.0.1" : `127.0.0.${index + 2}`;
        const wanted = oneAddress ? port && port + index : (open[0]?.address.port ?? port);
        open.push(await Listener.open(host, wanted));
      }
      return open;
    } catch (error) {
      for (const listener of open) listener.close();
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EADDRNOTAVAIL") {
        throw new Error(`${message}: use one address for all nodes (--one-address)`, { cause: error });
      }
      if (code !== "EADDRINUSE" || port !== 0 || attempt === ATTEMPTS) throw error;
    }
  }
}
