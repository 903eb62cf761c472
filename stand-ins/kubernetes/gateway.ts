import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { onFreePort } from "../free-port";

export interface GatewayRoutes {
  /** The port on this machine for an address of the nodes' network, `10.20.1.10:6443`; undefined if nobody answers there. */
  readonly portFor: (target: string) => number | undefined;
  /** The port on this machine for who names no address; undefined if nobody answers. */
  readonly portForAll: () => number | undefined;
}

/** The first byte of a TLS connection. */
const TLS_HANDSHAKE = 0x16;

/**
 * A port that stands for the network of the nodes. It is an HTTP proxy: a kubeconfig with it as `proxy-url` names the
 * address that the API has in the real cluster, and works on this machine. And it is a tunnel: who speaks TLS to it
 * speaks to the API.
 */
export class Gateway {
  private readonly http = createHttpServer((_, response) => response.writeHead(501).end());
  private readonly server: Server;
  private readonly clients = new Set<Socket>();
  /** Those that lead somewhere, each with whether somebody still answers there. */
  private readonly connections = new Map<Socket, () => boolean>();

  private constructor({ portFor, portForAll }: GatewayRoutes) {
    this.http.on("connect", ({ url = "" }, client: Socket) => {
      // Who has a kubeconfig with this proxy, and is told of the tunnel besides, asks the proxy for the tunnel.
      const isTunnel = url === `127.0.0.1:${this.port}`;
      this.join(client, () => (isTunnel ? portForAll() : portFor(url)), true);
    });
    this.server = createServer((client) => {
      this.clients.add(client);
      client.once("close", () => this.clients.delete(client));
      // A client may hang up at any time.
      client.on("error", () => client.destroy());
      client.once("data", (first) => {
        client.pause();
        if (first[0] === TLS_HANDSHAKE) this.join(client, portForAll, false);
        else this.http.emit("connection", client);
        client.unshift(first);
        if (first[0] !== TLS_HANDSHAKE) process.nextTick(() => client.resume());
      });
    });
  }

  /** @param port 0 takes a free one @throws where it is taken */
  static async listen(routes: GatewayRoutes, port: number): Promise<Gateway> {
    const gateway = new Gateway(routes);
    if (port === 0) await onFreePort((free) => gateway.listenOn(free));
    else await gateway.listenOn(port);
    return gateway;
  }

  get port(): number {
    return (this.server.address() as { readonly port: number }).port;
  }

  /** Cuts the connections to what no longer answers. */
  cutDead(): void {
    for (const [client, answers] of this.connections) if (!answers()) client.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const client of this.clients) client.destroy();
    await closed;
  }

  private listenOn(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, "127.0.0.1", () => {
        this.server.off("error", reject);
        resolve();
      });
    });
  }

  private join(client: Socket, port: () => number | undefined, isProxied: boolean): void {
    const open = port();
    if (open === undefined) {
      if (isProxied) client.write("HTTP/1.1 502 no route to host\r\n\r\n");
      client.end();
      return;
    }
    const api = connect(open, "127.0.0.1", () => {
      if (isProxied) client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.pipe(api).pipe(client);
    });
    this.connections.set(client, () => port() === open);
    api.on("error", () => api.destroy());
    api.once("close", () => client.destroy());
    client.once("close", () => {
      this.connections.delete(client);
      api.destroy();
    });
  }
}
