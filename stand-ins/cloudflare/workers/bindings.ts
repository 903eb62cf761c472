import type { Account } from "../account";
import { ApiError } from "../api-error";
import { type Binding, bucketKey, type Script } from "../model";
import type { MigrationState } from "./migrations";
import { invalid, type Metadata } from "./upload";

/** The bindings of an upload, and those of the previous version whose type is in `keep_bindings`. */
export function bindingsOf(script: string, metadata: Metadata, previous: Script | undefined): Binding[] {
  const sent = metadata.bindings.map((binding): Binding => {
    if (binding.type !== "durable_object_namespace") return binding;
    const { script_name: owner = script, ...own } = binding;
    if (owner !== script) throw invalid(`Durable Objects of another script (${owner}) are not served here.`);
    return own;
  });
  const names = new Set(sent.map(({ name }) => name));
  if (names.size < sent.length) throw invalid("Binding names must be unique.");
  const kept = (previous?.bindings ?? []).filter(
    ({ type, name }) => metadata.keep_bindings.includes(type) && !names.has(name),
  );
  return [...sent, ...kept];
}

/** @throws ApiError 400 for a binding to a bucket or class that does not exist */
export function assertBindable(
  bindings: readonly Binding[],
  { state }: Account,
  { classes }: MigrationState,
): void {
  for (const binding of bindings) {
    if (binding.type === "r2_bucket") {
      const { bucket_name: name, jurisdiction = "default" } = binding;
      if (state.buckets[bucketKey({ jurisdiction, name })]) continue;
      throw new ApiError(
        400,
        10085,
        `R2 bucket '${name}' not found${jurisdiction === "default" ? "" : ` in jurisdiction ${jurisdiction}`}. ` +
          "Please use a different name and try again.",
      );
    }
    if (binding.type === "durable_object_namespace" && !classes[binding.class_name]) {
      throw new ApiError(
        400,
        10061,
        `Cannot create binding for class '${binding.class_name}' because it is not currently configured to ` +
          "implement Durable Objects. Did you forget to apply a new-class migration?",
      );
    }
  }
}

/** The bindings as the API answers them, without secrets. */
export function describeBindings({ bindings, classes }: Script): Readonly<Record<string, unknown>>[] {
  return bindings.map((binding) => {
    switch (binding.type) {
      case "secret_text":
        return { name: binding.name, type: binding.type };
      case "durable_object_namespace":
        return { ...binding, namespace_id: classes[binding.class_name]?.namespaceId };
      default:
        return { ...binding };
    }
  });
}
