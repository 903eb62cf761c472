import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { closeServer, listenOnLoopback } from "../loopback-server";
import { ApiError } from "./api/errors";
import { type ApiRequest, readRequest } from "./api/request";
import { type RouteMatch, Router } from "./api/router";
import type { Cluster } from "./cluster";
import type { ControlApi } from "./control/api";
import type { RequestLog } from "./control/request-log";
import { ROUTES } from "./routes";
import type { TlsIdentity } from "./tls-identity";

const API_PREFIX = "/api2/json";
export const CONTROL_PREFIX = "/_control";

/** Serves the API of the cluster, and the control API. */
export class ProxmoxServer {
  private readonly server: Server;
  private readonly router = new Router(ROUTES);

  constructor(
    private readonly cluster: Cluster,
    private readonly control: ControlApi,
    private readonly log: RequestLog,
    { key, cert }: TlsIdentity,
  ) {
    // The provider requires TLS 1.3, so no older version is offered.
    this.server = createServer({ key, cert, minVersion: "TLSv1.3" }, (message, response) => {
      this.serve(message, response).catch((error: unknown) => {
        // A bug of the stand-in and not a mistake of the caller, so it is printed.
        process.stderr.write(`${(error as Error).stack}\n`);
        if (response.headersSent) response.destroy();
        else answer(response, new ApiError(500, "internal error of the stand-in, see its log"));
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

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    let request: ApiRequest;
    try {
      request = await readRequest(message);
    } catch (error) {
      // Other errors mean that the caller has disconnected in the middle of its request.
      if (error instanceof ApiError) answer(response, error);
      else response.destroy();
      return;
    }
    if (request.pathname.startsWith(`${CONTROL_PREFIX}/`)) {
      answer(
        response,
        attempt(() => this.control.handle(request, CONTROL_PREFIX)),
      );
    } else if (request.pathname.startsWith(`${API_PREFIX}/`)) {
      await this.serveApi(request, response);
    } else {
      answer(response, new ApiError(501, `path '${request.pathname}' is not served by this stand-in`));
    }
  }

  private async serveApi(request: ApiRequest, response: ServerResponse): Promise<void> {
    const path = request.pathname.slice(API_PREFIX.length);
    const match = this.router.match(request.method, path);
    const fault = await this.applyFaults(request, match);
    if (fault === "drop") {
      response.destroy();
      return;
    }
    const result = fault instanceof ApiError ? fault : attempt(() => this.carryOut(request, match));
    this.log.add({
      method: request.method,
      path,
      template: match?.route.template,
      parameters: request.parameters,
      status: result instanceof ApiError ? result.status : 200,
    });
    if (fault === "drop-answer") response.destroy();
    else if (result instanceof ApiError && result.status === 401) refuse(response, result);
    else answer(response, result);
  }

  /** Applies the active faults to a call, delays first. @returns the error or the cut that replaces the answer, if any */
  private async applyFaults(
    { method }: ApiRequest,
    match: RouteMatch | undefined,
  ): Promise<ApiError | "drop" | "drop-answer" | undefined> {
    if (!match) return undefined;
    const faults = this.cluster.faults.takeCallFaults(method, match.route.template, match.path);
    for (const fault of faults) if (fault.kind === "delay") await sleep(fault.delayMs);
    for (const fault of faults) {
      if (fault.kind === "status") return new ApiError(fault.status, fault.message);
      if (fault.kind === "drop") return fault.when === "before" ? "drop" : "drop-answer";
    }
    return undefined;
  }

  private carryOut(request: ApiRequest, match: RouteMatch | undefined): unknown {
    const { cluster } = this;
    const caller = cluster.access.authenticate(request.authorization);
    if (!match) {
      const what = `'${request.method} ${request.pathname.slice(API_PREFIX.length)}'`;
      throw new ApiError(501, `Method ${what} not implemented`);
    }
    const { route, path } = match;
    if (path.node !== undefined) cluster.assertReachable(path.node);
    route.permission(cluster.access, caller, { ...flat(request.parameters), ...path });
    if (route.method !== "GET") cluster.assertQuorate();
    try {
      return route.run(cluster, caller, path, request.parameters);
    } finally {
      // A call that fails may have changed something: a refused hot-unplug waits for the next start.
      if (route.method !== "GET") cluster.save();
    }
  }
}

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

function answer(response: ServerResponse, result: unknown): void {
  if (!(result instanceof ApiError)) {
    response.writeHead(200, { "content-type": "application/json;charset=UTF-8" });
    response.end(JSON.stringify({ data: result ?? null }));
    return;
  }
  const { status, message, errors } = result;
  // The status line has the first line, of which it can contain only printable ASCII.
  const [first = ""] = message.split("\n", 1);
  const reason = first.replace(/[^\x20-\x7e]+/g, " ").trim();
  response.writeHead(status, reason, { "content-type": "application/json;charset=UTF-8" });
  response.end(JSON.stringify({ data: null, message: `${message}\n`, ...(errors ? { errors } : {}) }));
}

/** To somebody without a valid token, Proxmox VE says nothing in the body. */
function refuse(response: ServerResponse, { status, message }: ApiError): void {
  response.writeHead(status, message);
  response.end();
}

/** The parameters as single values, for the path templates of permissions. */
const flat = (parameters: ApiRequest["parameters"]): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value].flat().at(-1) ?? ""]));
