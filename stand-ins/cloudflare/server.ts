import { createServer, type Server, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { closeServer, listenOnLoopback } from "../loopback-server";
import { API_PREFIX } from "./api/app";
import { isSigned } from "./s3";

type Fetch = (request: Request) => Response | Promise<Response>;

export interface ServerParts {
  readonly api: Fetch;
  readonly s3: Fetch;
  /** Waits until the buckets can be used. @returns a function to call at the end of the request */
  readonly enter: () => Promise<() => void>;
  /** Receives a line for each request, without its query, which may contain a signature. */
  readonly log: (line: string) => void;
}

/** Serves Cloudflare's API and the S3 API on one port. Requests with an AWS signature go to the S3 API. */
export class CloudflareServer {
  private readonly server: Server;

  constructor(parts: ServerParts) {
    const { log } = parts;
    const listener = getRequestListener(
      (request, { outgoing }) => dispatch(request, outgoing as ServerResponse, parts),
      // Other code in this process uses Node's own globals.
      { overrideGlobalObjects: false },
    );
    this.server = createServer((message, response) => {
      const started = Date.now();
      const [path] = (message.url ?? "/").split("?", 1);
      response.on("finish", () => {
        log(`${message.method} ${path} ${response.statusCode} ${Date.now() - started}ms`);
      });
      listener(message, response).catch((error: Error) => {
        log(`${message.method} ${path}: ${error.stack}`);
        response.destroy();
      });
    });
  }

  /** @returns the port @throws where it is taken */
  listen(port: number): Promise<number> {
    return listenOnLoopback(this.server, port);
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }
}

async function dispatch(request: Request, outgoing: ServerResponse, { api, s3, enter }: ServerParts) {
  const isApi = new URL(request.url).pathname.startsWith(`${API_PREFIX}/`);
  if (isApi && !isSigned(request)) return api(request);
  const leave = await enter();
  // The answer streams from a bucket, so the request ends with its last byte.
  outgoing.once("close", leave);
  if (outgoing.closed) leave();
  return s3(request);
}
