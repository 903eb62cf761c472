import type { Binding } from "../model";

/** The variables among bindings, as Miniflare takes them. */
export function variables(bindings: readonly Binding[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const binding of bindings) {
    if (binding.type === "plain_text" || binding.type === "secret_text") values[binding.name] = binding.text;
    if (binding.type === "json") values[binding.name] = binding.json;
  }
  return values;
}
