import { createServer, type Socket, type Server as TcpServer } from "node:net";
import { type ConnectionInjector, Server, ServerCredentials } from "@grpc/grpc-js";
import type { TlsIdentity } from "./tls-identity";

interface Address {
  readonly host: string;
  readonly port: number;
}

/** How long running calls may still take when a node changes its TLS identity. */
const GRACE_MS = 2000;
/** The limit of Talos. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

/**
 * The port of a node. The gRPC server and its handlers stay the same; over the life of a node, its TLS identity changes,
 * and whether it listens at all.
 */
export class Listener {
  readonly server = new Server({ "grpc.max_receive_message_length": MAX_MESSAGE_BYTES });
  private readonly tcp: TcpServer;
  private readonly sockets = new Set<Socket>();
  private injector: ConnectionInjector | undefined;
  private identity: TlsIdentity | undefined;

  private constructor(readonly address: Address) {
    this.tcp = createServer((socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
      // A client may hang up at any time.
      socket.on("error", () => socket.destroy());
      if (this.injector) this.injector.injectConnection(socket);
      else socket.destroy();
    });
  }

  /**
   * Takes a port. Connections are closed at once until a TLS identity is set.
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

  /** @param identity undefined stops listening, so that connections are refused */
  async setIdentity(identity: TlsIdentity | undefined): Promise<void> {
    if (identity === this.identity) return;
    this.identity = identity;
    this.injector?.drain(GRACE_MS);
    this.injector = identity && this.server.createConnectionInjector(credentialsOf(identity));
    if (!identity) this.stopListening();
    else if (!this.tcp.listening) await this.listen();
  }

  /** Cuts all connections at once, also in the middle of a call. */
  cutConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.injector?.destroy();
    this.server.forceShutdown();
    this.stopListening();
    this.cutConnections();
  }

  private async listen(): Promise<void> {
    const { host, port } = this.address;
    await new Promise<void>((resolve, reject) => {
      this.tcp.once("error", reject);
      this.tcp.listen(port, host, () => {
        this.tcp.off("error", reject);
        resolve();
      });
    });
  }

  /** Frees the port at once. Open connections continue until they are drained. */
  private stopListening(): void {
    if (this.tcp.listening) this.tcp.close();
  }
}

function credentialsOf({ server, clientCa }: TlsIdentity): ServerCredentials {
  const pair = { private_key: Buffer.from(server.key), cert_chain: Buffer.from(server.crt) };
  return ServerCredentials.createSsl(clientCa ? Buffer.from(clientCa) : null, [pair], clientCa !== undefined);
}
