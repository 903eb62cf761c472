import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { PeerCertificate } from "node:tls";
import type {
  Metadata,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Machines } from "../machines";
import { minorOf } from "../node/installer-image";
import type { Listener } from "../node/listener";
import type { Node } from "../node/node";
import { type ServiceName, serviceDefinitions } from "../protocol/definitions";
import type { Messages } from "../protocol/messages";
import { type Caller, callerOf } from "./caller";
import type { CallContext, Method } from "./method";
import { route, type Target } from "./routing";
import { RpcError } from "./rpc-error";
import { SERVICES } from "./services";

type Call = ServerUnaryCall<object, object> | ServerWritableStream<object, object>;

/** Makes a node serve its API on its listener. */
export function serve(machines: Machines, node: Node, listener: Listener): void {
  for (const [service, methods] of Object.entries(SERVICES)) {
    const definition: ServiceDefinition = serviceDefinitions[service as ServiceName];
    const implementation: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(methods)) {
      const exchange = new Exchange(machines, node, listener, `${service}/${name}`, method);
      implementation[name] = definition[name]?.responseStream
        ? (call: ServerWritableStream<object, object>) => exchange.stream(call)
        : (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) =>
            exchange.unary(call, answer);
    }
    listener.server.addService(definition, implementation);
  }
  machines.attach(node, listener);
}

/** Handles the requests for one method on one port: routing, roles, faults and the call log. */
class Exchange {
  constructor(
    private readonly machines: Machines,
    private readonly receiver: Node,
    private readonly listener: Listener,
    private readonly name: string,
    private readonly method: Method,
  ) {}

  async unary(call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>): Promise<void> {
    await this.carryOut(
      call,
      async (targets, caller, signal) => {
        const [first, ...more] = targets;
        if (first && first.hostname === undefined && more.length === 0) {
          const response = await this.run(first, caller, call.request, signal);
          return () => answer(null, response);
        }
        const messages = await Promise.all(
          targets.map(async (target) => {
            const metadata = { hostname: target.hostname ?? "" };
            try {
              const response = await this.run(target, caller, call.request, signal);
              return (response as Messages<object>).messages.map((message) => ({ ...message, metadata }));
            } catch (error) {
              if (!(error instanceof RpcError)) throw error;
              return [{ metadata: { ...metadata, ...error.metadata } }];
            }
          }),
        );
        return () => answer(null, { messages: messages.flat() });
      },
      (error) => answer({ code: error.code, details: error.message }),
    );
  }

  async stream(call: ServerWritableStream<object, object>): Promise<void> {
    await this.carryOut(
      call,
      async (targets, caller, signal) => {
        const [target, ...more] = targets;
        if (!target || more.length > 0) {
          throw new RpcError("UNIMPLEMENTED", "this stand-in streams from one node at a time");
        }
        const { lifetime } = target.node;
        const messages = this.run(target, caller, call.request, signal);
        for await (const message of (await messages) as AsyncIterable<object>) {
          if (call.cancelled || call.destroyed) break;
          const { hostname } = target;
          if (!call.write(hostname === undefined ? message : { ...message, metadata: { hostname } })) {
            await Promise.race([once(call, "drain"), aborted(signal)]);
          }
        }
        if (call.cancelled) throw new RpcError("CANCELLED", "the client has gone");
        if (lifetime.aborted) throw new RpcError("UNAVAILABLE", "error reading from server: EOF");
        return () => call.end();
      },
      (error) => call.emit("error", { code: error.code, details: error.message }),
    );
  }

  private async carryOut(
    call: Call,
    work: (targets: readonly Target[], caller: Caller, signal: AbortSignal) => Promise<() => void>,
    fail: (error: RpcError) => void,
  ): Promise<void> {
    const begun = performance.now();
    const hungUp = new AbortController();
    call.once("cancelled", () => hungUp.abort());
    const caller = callerOf(this.receiver, certificateOf(call));
    let logged = this.receiver.name;
    const log = (result: string) =>
      this.machines.calls.add({
        node: logged,
        method: this.name,
        roles: caller.roles,
        detail: this.method.describe?.(call.request) ?? "",
        status: result,
        durationMs: Math.round(performance.now() - begun),
      });
    try {
      const targets = route(this.machines, this.receiver, this.name, call.metadata as Metadata);
      logged = targets.map(({ node }) => node.name).join("+");
      const cutAfter = await this.applyFaults(targets);
      const succeed = await work(targets, caller, hungUp.signal);
      log("OK");
      if (cutAfter) this.listener.cutConnections();
      else succeed();
    } catch (error) {
      if (error instanceof ConnectionCut) {
        log("CUT");
        this.listener.cutConnections();
        return;
      }
      const known =
        error instanceof RpcError ? error : new RpcError("INTERNAL", "internal error of the stand-in");
      // A bug of the stand-in and not a mistake of the caller, so it is printed.
      if (known !== error) process.stderr.write(`${(error as Error).stack}\n`);
      log(known.status);
      fail(known);
    }
  }

  private async run(target: Target, caller: Caller, request: object, signal: AbortSignal): Promise<object> {
    const { node, unreachable } = target;
    if (unreachable) throw unreachable;
    const { since } = this.method;
    if (since !== undefined && minorOf(node.version) < minorOf(since)) {
      throw new RpcError("UNIMPLEMENTED", `unknown service ${this.name.split("/")[0]}`);
    }
    if (!this.method.roles.some((role) => caller.roles.includes(role))) {
      throw new RpcError("PERMISSION_DENIED", "not authorized");
    }
    const context: CallContext = {
      machines: this.machines,
      node,
      caller,
      signal: AbortSignal.any([signal, node.lifetime]),
    };
    return await this.method.run(context, request);
  }

  /** Applies the active faults to a call, delays first. @returns whether to cut the connection after the call */
  private async applyFaults(targets: readonly Target[]): Promise<boolean> {
    const faults = targets.flatMap(({ node }) => this.machines.faults.take(node.name, this.name));
    for (const fault of faults) if (fault.kind === "delay") await sleep(fault.delayMs);
    for (const fault of faults) {
      if (fault.kind === "status") throw new RpcError(fault.status, fault.message);
      if (fault.kind === "drop" && fault.when === "before") throw new ConnectionCut();
    }
    return faults.some(({ kind }) => kind === "drop");
  }
}

/** A fault cuts the connection before the call is carried out. */
class ConnectionCut extends Error {}

const aborted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, "abort");

function certificateOf(call: Call): PeerCertificate | undefined {
  return call.getAuthContext().sslPeerCertificate;
}
