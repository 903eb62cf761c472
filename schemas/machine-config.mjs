// Writes config/machine-config.json: the keys of a machine config, from the JSON schemas that come with Talos' own library.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MODULE = "github.com/siderolabs/talos/pkg/machinery";
/** Oldest first. A later version drops the keys that are deprecated, although it still reads them. */
const VERSIONS = ["v1.11.6", "v1.12.6", "v1.13.9"];

const KEPT = new Set([
  "properties",
  "items",
  "$ref",
  "type",
  "additionalProperties",
  "patternProperties",
  "oneOf",
]);

/** What is needed to tell which keys there are, and what is a map or a list; no descriptions, enumerations and formats. */
function reduce(schema) {
  const entries = Object.entries(schema).filter(([key]) => KEPT.has(key));
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (key === "properties" || key === "patternProperties") return [key, mapValues(value, reduce)];
      if (key === "oneOf") return [key, value.map(reduce)];
      if (key === "$ref") return [key, value.replace("#/$defs/", "")];
      return [key, typeof value === "object" && !Array.isArray(value) ? reduce(value) : value];
    }),
  );
}

function mapValues(map, change) {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

const types = {};
const kinds = {};
for (const version of VERSIONS) {
  const query = ["mod", "download", "-json", `${MODULE}@${version}`];
  const { Dir } = JSON.parse(execFileSync("go", query, { encoding: "utf8" }));
  const { $defs } = JSON.parse(readFileSync(join(Dir, "config/schemas/config.schema.json"), "utf8"));
  for (const [name, definition] of Object.entries($defs)) {
    const { properties = {}, ...rest } = reduce(definition);
    types[name] = { ...types[name], ...rest, properties: { ...types[name]?.properties, ...properties } };
    const kind = definition.properties?.kind?.enum?.[0];
    if (kind !== undefined) kinds[kind] ??= { type: name, since: Number(version.split(".")[1]) };
  }
}
const sorted = (map) => Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
const file = join(import.meta.dirname, "../config/machine-config.json");
writeFileSync(file, `${JSON.stringify({ kinds: sorted(kinds), types: sorted(types) })}\n`);
