import { once } from "node:events";
import { stringify } from "yaml";
import type { ResourceGetRequest, ResourceRequest, ResourceWatchRequest } from "../../protocol/messages";
import { READERS } from "../caller";
import { type CallContext, type Method, method } from "../method";
import { RpcError } from "../rpc-error";
import { RESOURCE_TYPES } from "./definitions";

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
function resources({ machines, node, caller }: CallContext, { namespace, type }: ResourceRequest) {
  const known = RESOURCE_TYPES[type];
  if (!known) throw new RpcError("PERMISSION_DENIED", `resource type "${type}" is not supported`);
  if (known.sensitive && !caller.roles.includes("os:admin")) {
    throw new RpcError("PERMISSION_DENIED", "not authorized");
  }
  if (namespace !== known.namespace) return [];
  const now = { seconds: Math.floor(Date.now() / 1000) };
  return known.list(node, machines).map(({ id, spec, yaml }) => ({
    metadata: { namespace, type, id, version: "1", phase: "running", created: now, updated: now },
    spec: { protoSpec: spec, yamlSpec: typeof yaml === "string" ? yaml : stringify(yaml) },
  }));
}
