import { isTaken, onFreePort } from "../free-port";
import { Listener } from "./node/listener";

export interface PortChoice {
  /** The port of all nodes, or the first of consecutive ones; 0 takes free ones. */
  readonly port: number;
  /** Whether all nodes are on one address, with consecutive ports. */
  readonly oneAddress: boolean;
  /** What `port` was before a restart, taken again if it is still free and `port` is 0. */
  readonly before?: number;
}

/**
 * Opens a listener for each node: the same port on 127.0.0.2, 127.0.0.3 …, or consecutive ports on one address.
 * @throws where a port is taken, or the machine has no such address
 */
export async function openListeners(count: number, choice: PortChoice): Promise<readonly Listener[]> {
  const openFrom = (port: number) => openAll(count, port, choice.oneAddress);
  if (choice.port !== 0) return openFrom(choice.port);
  try {
    if (choice.before !== undefined) return await openFrom(choice.before);
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
  return onFreePort(openFrom);
}

async function openAll(count: number, port: number, oneAddress: boolean): Promise<readonly Listener[]> {
  const open: Listener[] = [];
  try {
    for (let index = 0; index < count; index++) {
      open.push(
        await (oneAddress
          ? Listener.open("127.0.0.1", port + index)
          : Listener.open(`127.0.0.${index + 2}`, port)),
      );
    }
    return open;
  } catch (error) {
    for (const listener of open) listener.close();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "EADDRNOTAVAIL") throw error;
    throw new Error(`${message}: use one address for all nodes (--one-address)`, { cause: error });
  }
}
