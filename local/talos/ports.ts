import type { NodeState } from "./model";
import type { Listener } from "./node/listener";

type Listen = NodeState["listen"];

/** How often another port is tried, where any will do. */
const ATTEMPTS = 20;

/**
 * Takes a port for each listener: one port on 127.0.0.2, 127.0.0.3 …, or on one address one port after the other.
 * @param port 0 takes free ones
 * @throws where a port is taken, or the machine has no such address
 */
export async function openPorts(
  listeners: readonly Listener[],
  { port, oneAddress }: { readonly port: number; readonly oneAddress: boolean },
): Promise<readonly Listen[]> {
  for (let attempt = 1; ; attempt++) {
    const taken: Listen[] = [];
    try {
      for (const [index, listener] of listeners.entries()) {
        const host = oneAddress ? "127.0.0.1" : `127.0.0.${index + 2}`;
        const wanted = oneAddress ? port && port + index : (taken[0]?.port ?? port);
        taken.push({ host, port: await listener.open(host, wanted) });
      }
      return taken;
    } catch (error) {
      for (const listener of listeners) listener.stopListening();
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EADDRNOTAVAIL") {
        throw new Error(`${message}: give all nodes one address (--one-address)`, { cause: error });
      }
      if (code !== "EADDRINUSE" || port !== 0 || attempt === ATTEMPTS) throw error;
    }
  }
}
