import { type EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { PeerCertificate } from "node:tls";
import type {
  Metadata,
  ServerReadableStream,
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
import type { CallContext, Method, Upload } from "./method";
import { route, type Target } from "./routing";
import { RpcError } from "./rpc-error";
import { SERVICES } from "./services";

type UnaryCall =
  | ServerUnaryCall<object, object>
  | (ServerReadableStream<object, object> & { readonly request: object });
type Call = UnaryCall | ServerWritableStream<object, object>;

/** Makes a node serve its API on its listener. */
export function serve(machines: Machines, node: Node, listener: Listener): void {
  for (const [service, methods] of Object.entries(SERVICES)) {
    const definition: ServiceDefinition = serviceDefinitions[service as ServiceName];
    const implementation: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(methods)) {
      const exchange = new Exchange(machines, node, listener, `${service}/${name}`, method);
      const { requestStream, responseStream } = definition[name] ?? {};
      if (requestStream) {
        implementation[name] = (call: ServerReadableStream<object, object>, answer: sendUnaryData<object>) =>
          exchange.upload(call, answer);
        continue;
      }
      implementation[name] = responseStream
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

  async unary(call: UnaryCall, answer: sendUnaryData<object>): Promise<void> {
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

  /** Collects all chunks of a file, and handles them as one request. */
  async upload(call: ServerReadableStream<object, object>, answer: sendUnaryData<object>): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const { bytes } of call as AsyncIterable<Upload>) chunks.push(bytes);
    } catch {
      return; // The client has hung up, and nobody waits for an answer.
    }
    await this.unary(Object.assign(call, { request: { bytes: Buffer.concat(chunks) } }), answer);
  }

  async stream(call: ServerWritableStream<object, object>): Promise<void> {
    await this.carryOut(
      call,
      async (targets, caller, signal) => {
        await Promise.all(targets.map((target) => this.streamFrom(target, call, caller, signal)));
        if (call.cancelled) throw new RpcError("CANCELLED", "the client has gone");
        return () => call.end();
      },
      (error) => call.emit("error", { code: error.code, details: error.message }),
    );
  }

  /** Of a node that was named in `nodes`, a failure is one more message, and the streams of the others go on. */
  private async streamFrom(
    target: Target,
    call: ServerWritableStream<object, object>,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<void> {
    const { hostname, node } = target;
    const { lifetime } = node;
    try {
      const messages = await this.run(target, caller, call.request, signal);
      for await (const message of messages as AsyncIterable<object>) {
        if (call.cancelled || call.destroyed) return;
        if (!call.write(hostname === undefined ? message : { ...message, metadata: { hostname } })) {
          await Promise.race([once(call, "drain"), aborted(signal)]);
        }
      }
      if (lifetime.aborted) throw new RpcError("UNAVAILABLE", "error reading from server: EOF");
    } catch (error) {
      if (!(error instanceof RpcError) || hostname === undefined || call.cancelled) throw error;
      call.write({ metadata: { hostname, ...error.metadata } });
    }
  }

  private async carryOut(
    call: Call,
    work: (targets: readonly Target[], caller: Caller, signal: AbortSignal) => Promise<() => void>,
    fail: (error: RpcError) => void,
  ): Promise<void> {
    const begun = performance.now();
    const hungUp = new AbortController();
    (call as EventEmitter).once("cancelled", () => hungUp.abort());
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
