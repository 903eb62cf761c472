import { createServer, type Socket, type Server as TcpServer } from "node:net";
import { type ConnectionInjector, Server, ServerCredentials } from "@grpc/grpc-js";
import type { Face } from "./face";

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
  private address: { readonly host: string; readonly port: number } | undefined;

  constructor() {
    this.tcp = createServer((socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
      // A client that hangs up in the middle is no event for us.
      socket.on("error", () => socket.destroy());
      if (this.injector) this.injector.injectConnection(socket);
      else socket.destroy();
    });
  }

  /** Takes the port. Until there is a face, connections to it end at once. @throws where it is taken */
  async open(host: string, port: number): Promise<number> {
    await this.listen(host, port);
    const bound = this.tcp.address();
    if (bound === null || typeof bound === "string") throw new Error("the listener has no port");
    this.address = { host, port: bound.port };
    return bound.port;
  }

  get isOpen(): boolean {
    return this.injector !== undefined && this.tcp.listening;
  }

  /** @param face none: nobody listens, connections are refused */
  async show(face: Face | undefined): Promise<void> {
    if (face === this.face || !this.address) return;
    this.face = face;
    this.injector?.drain(GRACE_MS);
    this.injector = face && this.server.createConnectionInjector(credentialsOf(face));
    if (!face) this.stopListening();
    else if (!this.tcp.listening) await this.listen(this.address.host, this.address.port);
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

  private async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.tcp.once("error", reject);
      this.tcp.listen(port, host, () => {
        this.tcp.off("error", reject);
        resolve();
      });
    });
  }

  /** Connections that there are go on until they have been drained; the port is free at once. */
  stopListening(): void {
    if (this.tcp.listening) this.tcp.close();
  }
}

function credentialsOf({ server, clientCa }: Face): ServerCredentials {
  const pair = { private_key: Buffer.from(server.key), cert_chain: Buffer.from(server.crt) };
  return ServerCredentials.createSsl(clientCa ? Buffer.from(clientCa) : null, [pair], clientCa !== undefined);
}
