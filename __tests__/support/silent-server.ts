import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A server on loopback that takes connections and never answers. */
export class SilentServer {
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => {
    this.sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => this.sockets.delete(socket));
  });

  static async start(): Promise<SilentServer> {
    const silent = new SilentServer();
    silent.server.listen(0, "127.0.0.1");
    await once(silent.server, "listening");
    return silent;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Waits until somebody connects. */
  async connection(): Promise<void> {
    if (this.sockets.size === 0) await once(this.server, "connection");
  }

  /** Ends its connections too: one that nobody reads from does not notice that the other side is gone, and jest would not end. */
  async stop(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
