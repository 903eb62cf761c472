import type { Delays } from "../delays";

/** The same bindings, where each call of R2 and of a Durable Object takes longer. Calls side by side wait side by side. */
export function delayed<Env extends object>(env: Env, { r2, object }: Delays): Env {
  const slow = Object.entries(env).map(([name, binding]) => {
    if (isNamespace(binding)) return [name, slowNamespace(binding, object)];
    return [name, isBucket(binding) ? slowCalls(binding, r2) : binding];
  });
  return Object.fromEntries(slow) as Env;
}

type AnyNamespace = DurableObjectNamespace;

const isNamespace = (binding: unknown): binding is AnyNamespace =>
  typeof binding === "object" && binding !== null && "idFromName" in binding;
const isBucket = (binding: unknown): binding is R2Bucket =>
  typeof binding === "object" && binding !== null && "createMultipartUpload" in binding;

function slowNamespace(namespace: AnyNamespace, ms: number) {
  return {
    idFromName: (name: string) => namespace.idFromName(name),
    get: (id: DurableObjectId) => slowCalls(namespace.get(id), ms),
    getByName: (name: string) => slowCalls(namespace.getByName(name), ms),
  };
}

function slowCalls<T extends object>(target: T, ms: number): T {
  return new Proxy(target, {
    get(_, name) {
      return async (...given: unknown[]) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        // Called on the target itself: a method of a stub is looked up by its name at each call.
        const methods = target as Record<PropertyKey, (...given: unknown[]) => unknown>;
        return methods[name]?.(...given);
      };
    },
  });
}
