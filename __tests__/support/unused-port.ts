import { once } from "node:events";
import { createServer } from "node:net";
import { onFreePort } from "../../stand-ins/free-port";

/** A port of 127.0.0.1 that nobody listens on, and that no outgoing connection takes meanwhile. */
export function unusedPort(): Promise<number> {
  return onFreePort(async (port) => {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    await new Promise((resolve) => server.close(resolve));
    return port;
  });
}
