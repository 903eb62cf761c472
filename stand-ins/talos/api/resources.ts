import { once } from "node:events";
import type { Node } from "../node/node";
import { encode } from "../protocol/definitions";
import {
  type ResourceGetRequest,
  type ResourceRequest,
  type ResourceWatchRequest,
  STAGE_NUMBERS,
} from "../protocol/messages";
import { READERS } from "./caller";
import { type CallContext, type Method, method } from "./method";
import { RpcError } from "./rpc-error";
import { DISK_BYTES } from "./status";

/** A resource type that this stand-in serves. */
interface ResourceType {
  readonly namespace: string;
  /** For `os:admin` only. */
  readonly sensitive?: boolean;
  readonly list: (node: Node) => readonly { readonly id: string; readonly spec: Buffer }[];
}

/** The disk without its other partitions. */
const EPHEMERAL_BYTES = DISK_BYTES - 4 * 1024 ** 3;
const VOLUME_READY = 6;

const TYPES: Readonly<Record<string, ResourceType>> = {
  "MachineConfigs.config.talos.dev": {
    namespace: "config",
    sensitive: true,
    list: ({ state }) =>
      [
        { id: "v1alpha1", text: state.config },
        { id: "persistent", text: state.persistedConfig },
      ].flatMap(({ id, text }) =>
        text === undefined
          ? []
          : [{ id, spec: encode("specs.MachineConfigSpec", { yamlMarshalled: Buffer.from(text) }) }],
      ),
  },
  "MachineStatuses.runtime.talos.dev": {
    namespace: "runtime",
    list: (node) => {
      const stage = STAGE_NUMBERS[node.condition === "RUNNING" ? "RUNNING" : "MAINTENANCE"];
      const spec = encode("specs.MachineStatusSpec", { stage, status: { ready: node.isReady } });
      return [{ id: "machine", spec }];
    },
  },
  "VolumeStatuses.block.talos.dev": {
    namespace: "runtime",
    list: ({ state }) =>
      state.installed
        ? [
            { id: "EPHEMERAL", location: "/dev/sda4", size: EPHEMERAL_BYTES },
            { id: "STATE", location: "/dev/sda3", size: 100 * 1024 ** 2 },
          ].map(({ id, ...spec }) => ({
            id,
            spec: encode("specs.VolumeStatusSpec", { phase: VOLUME_READY, ...spec }),
          }))
        : [],
  },
  "Diagnostics.runtime.talos.dev": { namespace: "runtime", list: () => [] },
};

const describe = ({ type }: ResourceRequest) => type;

export const resourceMethods: Readonly<Record<string, Method>> = {
  Get: method<ResourceGetRequest>(
    READERS,
    (context, request) => {
      const found = resources(context, request).find(({ metadata }) => metadata.id === request.id);
      if (!found) {
        const { type, namespace, id } = request;
        throw new RpcError("NOT_FOUND", `resource ${type}(${namespace}/${id}@undefined) doesn't exist`);
      }
      return { resource: found };
    },
    describe,
  ),
  List: method<ResourceRequest>(
    READERS,
    async function* (context, request) {
      for (const resource of resources(context, request)) yield { resource };
    },
    describe,
  ),
  /** Sends the resources that exist and keeps the stream open. Later changes are not sent. */
  Watch: method<ResourceWatchRequest>(
    READERS,
    async function* (context, request) {
      const { id, options } = request;
      const all = resources(context, request);
      // Tells the client that the watch has started.
      yield {};
      const wanted =
        id === undefined
          ? options?.bootstrapContents
            ? all
            : []
          : all.filter(({ metadata }) => metadata.id === id);
      for (const resource of wanted) yield { event: [{ resource, eventType: "CREATED" }] };
      if (id === undefined && options?.bootstrapContents) yield { event: [{ eventType: "BOOTSTRAPPED" }] };
      if (!context.signal.aborted) await once(context.signal, "abort");
    },
    describe,
  ),
};

/** @throws RpcError where the type is not served, or the caller may not read it */
function resources({ node, caller }: CallContext, { namespace, type }: ResourceRequest) {
  const known = TYPES[type];
  if (!known) throw new RpcError("PERMISSION_DENIED", `resource type "${type}" is not supported`);
  if (known.sensitive && !caller.roles.includes("os:admin")) {
    throw new RpcError("PERMISSION_DENIED", "not authorized");
  }
  if (namespace !== known.namespace) return [];
  const now = { seconds: Math.floor(Date.now() / 1000) };
  return known.list(node).map(({ id, spec }) => ({
    metadata: { namespace, type, id, version: "1", phase: "running", created: now, updated: now },
    spec: { protoSpec: spec, yamlSpec: "" },
  }));
}
