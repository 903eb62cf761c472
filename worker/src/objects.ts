import { type SettingsEnvironment, settings } from "./settings";

/** The Durable Objects of a class: an object is found only in the jurisdiction in which it was made. */
export function objectsOf<T extends Rpc.DurableObjectBranded>(
  namespace: DurableObjectNamespace<T>,
  env: SettingsEnvironment,
): DurableObjectNamespace<T> {
  const { jurisdiction } = settings(env);
  return jurisdiction ? namespace.jurisdiction(jurisdiction) : namespace;
}
