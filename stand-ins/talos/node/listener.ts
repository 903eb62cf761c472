import { createServer, type Socket, type Server as TcpServer } from "node:net";
import { type ConnectionInjector, Server, ServerCredentials } from "@grpc/grpc-js";
import type { Face } from "./face";

interface Address {
  readonly host: string;
  /** Known for sure once it is open. */
  port: number;
}

/** How long calls that are under way may still take when a node changes its face. */
const GRACE_MS = 2000;
/** What Talos takes. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

/**
 * The port of a node. The server with its handlers stays; what changes over a node's life is the TLS in front of it,
 * and whether anybody listens.
 */
export class Listener {
  readonly server = new Server({ "grpc.max_receive_message_length": MAX_MESSAGE_BYTES });
  private readonly tcp: TcpServer;
  private readonly sockets = new Set<Socket>();
  private injector: ConnectionInjector | undefined;
  private face: Face | undefined;

  private constructor(readonly address: Address) {
    this.tcp = createServer((socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
      // A client that hangs up in the middle is no event for us.
      socket.on("error", () => socket.destroy());
      if (this.injector) this.injector.injectConnection(socket);
      else socket.destroy();
    });
  }

  /**
   * Takes a port. Until there is a face, connections to it end at once.
   * @param port 0 is any
   * @throws where it is taken
   */
  static async open(host: string, port: number): Promise<Listener> {
    const listener = new Listener({ host, port });
    await listener.listen();
    return listener;
  }

  get isOpen(): boolean {
    return this.injector !== undefined && this.tcp.listening;
  }

  /** @param face none: nobody listens, connections are refused */
  async show(face: Face | undefined): Promise<void> {
    if (face === this.face) return;
    this.face = face;
    this.injector?.drain(GRACE_MS);
    this.injector = face && this.server.createConnectionInjector(credentialsOf(face));
    if (!face) this.stopListening();
    else if (!this.tcp.listening) await this.listen();
  }

  /** Cuts all connections, in the middle of whatever they do. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.injector?.destroy();
    this.server.forceShutdown();
    this.stopListening();
    this.cut();
  }

  private async listen(): Promise<void> {
    const { host, port } = this.address;
    await new Promise<void>((resolve, reject) => {
      this.tcp.once("error", reject);
      this.tcp.listen(port, host, () => {
        this.tcp.off("error", reject);
        const bound = this.tcp.address();
        if (bound && typeof bound === "object") this.address.port = bound.port;
        resolve();
      });
    });
  }

  /** Connections that there are go on until they have been drained; the port is free at once. */
  private stopListening(): void {
    if (this.tcp.listening) this.tcp.close();
  }
}

function credentialsOf({ server, clientCa }: Face): ServerCredentials {
  const pair = { private_key: Buffer.from(server.key), cert_chain: Buffer.from(server.crt) };
  return ServerCredentials.createSsl(clientCa ? Buffer.from(clientCa) : null, [pair], clientCa !== undefined);
}
