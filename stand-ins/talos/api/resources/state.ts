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
  /** Sends the resources that exist, and each change after that. */
  Watch: method<ResourceWatchRequest>(READERS, watchResources, describe),
};

interface Resource {
  readonly metadata: { readonly id: string; readonly version: string };
}

interface Event {
  readonly resource?: Resource;
  readonly eventType: "CREATED" | "UPDATED" | "DESTROYED" | "BOOTSTRAPPED";
}

async function* watchResources(context: CallContext, request: ResourceWatchRequest) {
  const { machines, signal } = context;
  const { id, options } = request;
  const bootstraps = options?.bootstrapContents ?? false;
  const watched = (): readonly Resource[] =>
    resources(context, request).filter(({ metadata }) => id === undefined || metadata.id === id);
  let known = watched();
  const queue: Event[] = [];
  if (id !== undefined || bootstraps) queue.push(...changesOf([], known));
  if (id === undefined && bootstraps) queue.push({ eventType: "BOOTSTRAPPED" });
  let wake = () => {};
  const listener = () => {
    // Of a node that is down, nothing more is heard.
    if (signal.aborted) return wake();
    const now = watched();
    queue.push(...changesOf(known, now));
    known = now;
    wake();
  };
  machines.changeListeners.add(listener);
  signal.addEventListener("abort", listener);
  try {
    // Tells the client that the watch has started.
    yield {};
    while (!signal.aborted) {
      const event = queue.shift();
      if (event !== undefined) yield { event: [event] };
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    machines.changeListeners.delete(listener);
    signal.removeEventListener("abort", listener);
  }
}

/** The events from what was there to what is there. */
function changesOf(before: readonly Resource[], after: readonly Resource[]): readonly Event[] {
  const idOf = ({ metadata }: Resource) => metadata.id;
  const old = new Map(before.map((each) => [idOf(each), each]));
  const ids = new Set(after.map(idOf));
  return [
    ...after.flatMap((resource): Event[] => {
      const last = old.get(idOf(resource));
      if (last === undefined) return [{ resource, eventType: "CREATED" }];
      return last.metadata.version === resource.metadata.version ? [] : [{ resource, eventType: "UPDATED" }];
    }),
    ...before
      .filter((each) => !ids.has(idOf(each)))
      .map((resource): Event => ({ resource, eventType: "DESTROYED" })),
  ];
}

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
    metadata: {
      ...{ namespace, type, id, phase: "running", created: now, updated: now },
      version: node.versionOf(`${type}/${id}`, yaml),
    },
    spec: { protoSpec: spec, yamlSpec: typeof yaml === "string" ? yaml : stringify(yaml) },
  }));
}
