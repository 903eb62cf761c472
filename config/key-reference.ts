import { describeType } from "./describe-type";
import { isMapping } from "./path";
import { clusterJsonSchema, type JsonSchema } from "./reference";

const HEAD = `# Keys of cluster.yaml

Each key of \`cluster.yaml\` and \`nodes.yaml\`, from the schema that they are checked with; \`npm run config:schema\` writes this page.
[Configuration](../configuration.md) explains which file is read, which of several values wins, and how keys belong together. In lists of \`[]\`, each entry has these keys.`;

/** The page docs/reference/cluster-yaml.md: each key with its type, its default and its meaning. */
export function keyReference(): string {
  return `${[HEAD, ...sections("Top level", "", withoutRepetition(clusterJsonSchema()))].join("\n\n")}\n`;
}

/** The keys that a pool shares with a node are in the section of nodes. */
function withoutRepetition(schema: JsonSchema): JsonSchema {
  const { nodes, node_pools: pools, ...properties } = propertiesOf(schema);
  const itemOf = (list?: JsonSchema): JsonSchema => (isMapping(list?.items) ? list.items : {});
  const node = propertiesOf(itemOf(nodes));
  const own = Object.entries(propertiesOf(itemOf(pools))).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(node[key]),
  );
  const items = { ...itemOf(pools), properties: Object.fromEntries(own) };
  return { ...schema, properties: { ...properties, nodes, node_pools: { ...pools, items } } };
}

/** The keys of one map, then those of the maps in it. */
function sections(title: string, prefix: string, schema: JsonSchema): string[] {
  const properties = Object.entries(propertiesOf(schema));
  const required = listOf(schema.required);
  const keys = properties.map(([key, value]) => entry(`${prefix}${key}`, value, required.includes(key)));
  const inner = properties.flatMap(([key, value]) => {
    const isList = isMapping(value.items);
    const content = isMapping(value.items) ? value.items : value;
    const name = `${prefix}${key}${isList ? "[]" : ""}`;
    return hasKeys(content) ? sections(`\`${name}\``, `${name}.`, content) : [];
  });
  return [`## ${title}`, ...keys, ...inner];
}

function entry(path: string, schema: JsonSchema, isRequired: boolean): string {
  const [meaning, described] = String(schema.description ?? "").split(" Default: ");
  const fallback = described?.replace(/\.$/, "") ?? defaultOf(schema);
  const facts = [`- type: ${describeType(schema)}`, isRequired ? "- required" : `- default: ${fallback}`];
  return [`### \`${path}\``, meaning, facts.join("\n")].join("\n\n");
}

function defaultOf(schema: JsonSchema): string {
  const value = schema.default;
  if (hasKeys(schema)) return "see its keys";
  if (value === undefined || (isMapping(value) && Object.keys(value).length === 0)) return "none";
  if (Array.isArray(value) && value.length === 0) return "none";
  return Array.isArray(value) ? value.map((each) => `\`${each}\``).join(", ") : `\`${value}\``;
}

const hasKeys = (schema: JsonSchema) => Object.keys(propertiesOf(schema)).length > 0;

/** The keys of a map. For a union of maps: the keys of all of them, each with a label of its map. */
function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  if (isMapping(schema.properties)) return schema.properties as Readonly<Record<string, JsonSchema>>;
  const merged = new Map<string, JsonSchema>();
  const forms = listOf(schema.oneOf).filter(isMapping);
  for (const form of forms) {
    const { provider, ...keys } = propertiesOf(form);
    if (provider === undefined) continue;
    const label = `\`${provider.const}\``;
    const { description: before, enum: values } = merged.get("provider") ?? {};
    const description = `${before === undefined ? "" : `${before} `}${label}: ${provider.description}`;
    merged.set("provider", { description, enum: [...listOf(values), provider.const] });
    for (const [key, value] of Object.entries(keys)) {
      // A key of several maps has the same meaning in each.
      merged.set(
        key,
        isShared(key, forms) ? value : { ...value, description: `${label}: ${value.description}` },
      );
    }
  }
  return Object.fromEntries(merged);
}

function isShared(key: string, forms: readonly JsonSchema[]): boolean {
  return forms.filter((form) => isMapping(form.properties) && key in form.properties).length > 1;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
