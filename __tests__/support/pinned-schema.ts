import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv, { type SchemaObject, type ValidateFunction } from "ajv";
import type { Template } from "./synth";

/** `tofu providers schema -json`, as far as it is read here. */
interface ProviderSchemas {
  readonly provider_schemas: Record<string, ProviderSchema>;
}
interface ProviderSchema {
  readonly provider: { readonly block: Block };
  readonly resource_schemas: Record<string, { readonly block: Block }>;
  readonly data_source_schemas: Record<string, { readonly block: Block }>;
}
interface Block {
  readonly attributes?: Record<string, Attribute>;
  readonly block_types?: Record<string, BlockType>;
}
interface Attribute {
  readonly type?: TypeExpression;
  readonly nested_type?: { readonly attributes: Record<string, Attribute>; readonly nesting_mode: string };
  readonly required?: boolean;
  readonly optional?: boolean;
}
interface BlockType {
  readonly nesting_mode: string;
  readonly block: Block;
  readonly min_items?: number;
  readonly max_items?: number;
}
type TypeExpression = string | readonly [string, TypeExpression | Record<string, TypeExpression>];

const META_ARGUMENTS = [
  "//",
  "lifecycle",
  "depends_on",
  "provider",
  "count",
  "for_each",
  "provisioner",
  "connection",
];
/** OpenTofu's own provider, which no schema is pinned of. */
const BUILT_IN: ProviderSchema = {
  provider: { block: {} },
  resource_schemas: {
    terraform_data: {
      block: {
        attributes: {
          input: { type: "dynamic", optional: true },
          triggers_replace: { type: "dynamic", optional: true },
        },
      },
    },
  },
  data_source_schemas: {},
};
const EXPRESSION = { type: "string", pattern: "^\\$\\{" };

const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
const validators = new Map<string, ValidateFunction>();
const providers = loadPinnedSchemas();

/**
 * Problems of a synthesized stack under the pinned provider schemas: unknown types and keys, missing
 * required ones, values of another type. Empty where `tofu validate` would have nothing to say of these.
 */
export function schemaProblems(template: Template): string[] {
  return [
    ...problemsOf(template.resource, "resource_schemas"),
    ...problemsOf(template.data, "data_source_schemas"),
    ...Object.entries(template.provider ?? {}).flatMap(([name, configurations]) => {
      const schema = [...providers].find(([source]) => source.endsWith(`/${name}`))?.[1];
      if (!schema) return [`provider ${name}: no pinned schema`];
      return configurations.flatMap((each) => validate(`provider ${name}`, schema.provider.block, each));
    }),
  ];
}

function problemsOf(
  blocks: Template["resource"] | undefined,
  kind: "resource_schemas" | "data_source_schemas",
): string[] {
  return Object.entries(blocks ?? {}).flatMap(([type, instances]) => {
    const block = [...providers.values()].map((each) => each[kind][type]).find(Boolean)?.block;
    if (!block) return [`${type}: no such type in the pinned schemas`];
    return Object.entries(instances).flatMap(([name, value]) =>
      validate(`${kind} ${type}`, block, value).map((problem) => `${type}.${name}${problem}`),
    );
  });
}

function validate(key: string, block: Block, value: object): string[] {
  const compiled = validators.get(key) ?? ajv.compile(blockSchema(block, META_ARGUMENTS));
  validators.set(key, compiled);
  if (compiled(value)) return [];
  return (compiled.errors ?? []).map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
}

function blockSchema(block: Block, extraKeys: readonly string[] = []): SchemaObject {
  const attributes = Object.entries(block.attributes ?? {}).filter(([, a]) => a.required || a.optional);
  const blocks = Object.entries(block.block_types ?? {});
  return {
    type: "object",
    additionalProperties: false,
    required: [
      ...attributes.filter(([, a]) => a.required).map(([name]) => name),
      ...blocks.filter(([, b]) => (b.min_items ?? 0) > 0).map(([name]) => name),
    ],
    properties: Object.fromEntries([
      ...attributes.map(([name, attribute]) => [name, attributeSchema(attribute)]),
      ...blocks.map(([name, nested]) => [name, nestedBlockSchema(nested)]),
      ...extraKeys.map((name) => [name, true]),
    ]),
  };
}

function nestedBlockSchema({ block, nesting_mode, max_items }: BlockType): SchemaObject {
  const one = blockSchema(block);
  if (nesting_mode === "single") return one;
  // JSON syntax allows a single object where a list of blocks is meant.
  return { anyOf: [one, { type: "array", items: one, ...(max_items && { maxItems: max_items }) }] };
}

function attributeSchema({ type, nested_type }: Attribute): SchemaObject {
  if (!nested_type) return typeSchema(type ?? "dynamic");
  const one = blockSchema({ attributes: nested_type.attributes });
  switch (nested_type.nesting_mode) {
    case "single":
      return { anyOf: [one, EXPRESSION] };
    case "map":
      return { type: "object", additionalProperties: one };
    default:
      return { type: "array", items: one };
  }
}

function typeSchema(type: TypeExpression): SchemaObject {
  if (typeof type === "string") {
    const name = { bool: "boolean", dynamic: undefined }[type] ?? type;
    return type === "dynamic" ? {} : { anyOf: [{ type: [name, "null"] }, EXPRESSION] };
  }
  const [kind, inner] = type;
  if (kind === "object") {
    const fields = inner as Record<string, TypeExpression>;
    const properties = Object.fromEntries(Object.entries(fields).map(([k, t]) => [k, typeSchema(t)]));
    // An attribute of objects takes every key: https://opentofu.org/docs/language/attr-as-blocks/
    return { type: "object", additionalProperties: false, required: Object.keys(properties), properties };
  }
  const items = typeSchema(inner as TypeExpression);
  return kind === "map"
    ? { type: "object", additionalProperties: items }
    : { anyOf: [{ type: "array", items }, EXPRESSION] };
}

function loadPinnedSchemas(): Map<string, ProviderSchema> {
  const folder = join(__dirname, "../../schemas");
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map([
    ["terraform.io/builtin/terraform", BUILT_IN] as const,
    ...files.flatMap((file) => {
      const schemas = JSON.parse(readFileSync(join(folder, file), "utf8")) as ProviderSchemas;
      return Object.entries(schemas.provider_schemas);
    }),
  ]);
}
