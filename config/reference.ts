import { z } from "zod";
import { clusterSchema } from "./schema/cluster";

/** A JSON Schema, as far as it is read here. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schemas for editors, by file name: one for `cluster.yaml`, one for `nodes.yaml`. */
export function jsonSchemas(): ReadonlyMap<string, string> {
  const toText = (schema: JsonSchema) => `${JSON.stringify(schema, null, 2)}\n`;
  const { nodes, node_pools } = clusterSchema.shape;
  return new Map([
    ["cluster.schema.json", toText(clusterJsonSchema())],
    ["nodes.schema.json", toText(z.toJSONSchema(z.strictObject({ nodes, node_pools }), { io: "input" }))],
  ]);
}

/** The JSON Schema of `cluster.yaml`. */
export function clusterJsonSchema(): JsonSchema {
  return z.toJSONSchema(clusterSchema, { io: "input" });
}
