import {
  type ChannelCredentials,
  Client,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { KeyPair } from "../../../../stand-ins/talos/pki/issue";
import { type ServiceName, serviceDefinitions } from "../../../../stand-ins/talos/protocol/definitions";

/** A status and its text, to compare with. */
export interface Refusal {
  readonly code: string;
  readonly details: string;
}

interface Target {
  readonly node?: string;
  readonly nodes?: readonly string[];
}

/** A gRPC client of one endpoint, as `talosctl` is. */
export class TalosClient {
  private readonly client: Client;

  private constructor(endpoint: string, channel: ChannelCredentials) {
    // Fails at once if the connection is refused, and shares no connection with other clients.
    this.client = new Client(endpoint, channel, {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_retries": 0,
    });
  }

  /** Accepts any server and has no certificate, like `talosctl --insecure`. */
  static insecure(endpoint: string): TalosClient {
    return new TalosClient(endpoint, credentials.createSsl(null, null, null, { rejectUnauthorized: false }));
  }

  static secure(endpoint: string, ca: string, { crt, key }: KeyPair): TalosClient {
    return new TalosClient(
      endpoint,
      credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(crt)),
    );
  }

  /** @throws ServiceError */
  // biome-ignore lint/suspicious/noExplicitAny: answers are compared with literals
  unary(method: string, request: object = {}, target: Target = {}): Promise<any> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(method);
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + 10_000;
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadataOf(target),
        { deadline },
        (error, response) => (error ? reject(error) : resolve(response)),
      );
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: messages are compared with literals
  stream(method: string, request: object = {}, target: Target = {}): AsyncIterable<any> & { cancel(): void } {
    const { path, requestSerialize, responseDeserialize } = definitionOf(method);
    return this.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadataOf(target),
    );
  }

  /** All messages of a stream that ends. @throws ServiceError */
  // biome-ignore lint/suspicious/noExplicitAny: messages are compared with literals
  async collect(method: string, request: object = {}, target: Target = {}): Promise<any[]> {
    const messages = [];
    for await (const message of this.stream(method, request, target)) messages.push(message);
    return messages;
  }

  close(): void {
    this.client.close();
  }
}

/** What a call was refused with. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    const { code, details } = error as ServiceError;
    return { code: status[code], details };
  }
  throw new Error("the call was not refused");
}

function definitionOf(method: string) {
  const [service, name = ""] = method.includes("/") ? method.split("/") : ["machine.MachineService", method];
  const definition = serviceDefinitions[service as ServiceName][name];
  if (!definition) throw new Error(`no method ${method}`);
  return definition;
}

function metadataOf({ node, nodes = [] }: Target): Metadata {
  const metadata = new Metadata();
  if (node !== undefined) metadata.set("node", node);
  for (const one of nodes) metadata.add("nodes", one);
  return metadata;
}
