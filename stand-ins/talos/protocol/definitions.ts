import { resolve } from "node:path";
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from "@grpc/proto-loader";

const FILES = ["machine", "upgrade", "cluster", "storage", "time", "resource", "specs", "etcd"].map(
  (name) => `${name}.proto`,
);
const SERVICES = [
  "machine.MachineService",
  "machine.ImageService",
  "machine.LifecycleService",
  "cluster.ClusterService",
  "storage.StorageService",
  "time.TimeService",
  "cosi.resource.State",
] as const;

export type ServiceName = (typeof SERVICES)[number];

// The .proto files have only the messages and fields that are used. Other fields of a request are ignored.
const definitions = loadSync(FILES, {
  includeDirs: [resolve(__dirname)],
  longs: String,
  enums: String,
  defaults: true,
});

/** The service definitions for a gRPC server or client. */
export const serviceDefinitions = Object.fromEntries(
  SERVICES.map((name) => [name, definitions[name]]),
) as Readonly<Record<ServiceName, ServiceDefinition>>;

/** Serializes a message that is embedded in another one. */
export function encode(type: `${"machine" | "specs" | "mvccpb"}.${string}`, message: object): Buffer {
  const definition = definitions[type];
  if (!definition || !isMessageType(definition)) throw new Error(`no message ${type} in ${FILES.join(", ")}`);
  return definition.serialize(message);
}

const isMessageType = (definition: object): definition is MessageTypeDefinition<object, object> =>
  "serialize" in definition;
