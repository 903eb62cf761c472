import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void;

/** A server in place of R2 or a Worker, which answers what a test wants. */
export class ScriptedServer {
  /** `GET /path?query` of each request. */
  readonly requests: string[] = [];
  answer: Answer = (response) => response.destroy();

  private constructor(private readonly server: Server) {
    server.on("request", async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      this.requests.push(`${request.method} ${request.url}`);
      this.answer(response, request, body);
    });
  }

  static async start(): Promise<ScriptedServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ScriptedServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/**
 * An answer that comes to a stop before its head, or in its body.
 * @param then is called once the client waits for the rest
 */
export const hangAt =
  (where: "head" | "body", then: () => void, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    if (where === "head") return then();
    // The client has got so far when the time is over, unless the machine is busy: then it ends at the head.
    response.writeHead(200, { ...headers, "content-length": "10" }).write("{", () => setTimeout(then, 50));
  };
