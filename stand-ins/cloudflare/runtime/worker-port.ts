import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { closeServer, listenOnLoopback, portOf } from "../../loopback-server";

/** The Worker behind an address. */
export interface WorkerBackend {
  /** Why the Worker cannot be reached; undefined if it can. */
  unreachable(): string | undefined;
  /** Waits for a running restart. @returns a function to call at the end of the request */
  enter(): Promise<() => void>;
  /** The address at which workerd serves the Worker. */
  address(): Promise<URL>;
  /** Runs the `scheduled` handler. */
  schedule(cron: string): Promise<string>;
  log(line: string): void;
}

/** The path that runs a cron trigger, the same as in `wrangler dev`: `/cdn-cgi/handler/scheduled?cron=*+*+*+*+*` */
const TRIGGER = "/cdn-cgi/handler/scheduled";

/** A Worker's own address on loopback. It stays the same, whatever happens to the Worker behind it. */
export class WorkerPort {
  private readonly server: Server;
  private backend: WorkerBackend | undefined;

  constructor() {
    this.server = createServer((message, response) => {
      this.serve(message, response).catch((error: Error) => refuse(response, 502, error.message));
    });
  }

  /** @param port 0 for a free one @throws where it is taken */
  async listen(port: number): Promise<this> {
    await listenOnLoopback(this.server, port);
    return this;
  }

  get port(): number {
    return portOf(this.server);
  }

  serveFrom(backend: WorkerBackend): this {
    this.backend = backend;
    return this;
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { backend } = this;
    const { pathname, searchParams } = new URL(message.url ?? "/", "http://worker");
    if (!backend) return refuse(response, 404, "no Worker has this address yet");
    response.on("finish", () => backend.log(`${message.method} ${pathname} ${response.statusCode}`));
    const reason = backend.unreachable();
    if (reason !== undefined) return refuse(response, 404, reason);
    if (pathname === TRIGGER) {
      const outcome = await backend.schedule(searchParams.get("cron") ?? "");
      return refuse(response, outcome === "ok" ? 200 : 500, outcome);
    }
    const leave = await backend.enter();
    response.on("close", leave);
    if (response.destroyed) return leave();
    forward(message, response, await backend.address());
  }
}

function forward(message: IncomingMessage, response: ServerResponse, { hostname, port }: URL): void {
  // The host header stays as the client sent it, so that the Worker sees its own address.
  const { expect: _, connection: __, ...headers } = message.headers;
  const upstream = request({
    hostname,
    port,
    method: message.method,
    path: message.url,
    headers: { ...headers, "cf-connecting-ip": message.socket.remoteAddress ?? "127.0.0.1" },
    // A kept connection would break at a restart of workerd.
    agent: false,
  });
  upstream.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    pipeline(answer, response, () => undefined);
  });
  upstream.on("error", (error) => refuse(response, 502, `the Worker did not answer: ${error.message}`));
  response.on("close", () => upstream.destroy());
  message.pipe(upstream);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}
