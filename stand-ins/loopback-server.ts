import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onFreePort } from "./free-port";

/** The only address that stand-ins listen on. */
const LOOPBACK = "127.0.0.1";

/** Listens on loopback. @param port 0 takes a free one @returns the port @throws where it is taken */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  if (port === 0) return onFreePort((free) => listenOnLoopback(server, free));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return portOf(server);
}

/** The port of a server that listens. */
export const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Ends all connections and waits until the port is free. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
