import { isMapping } from "./path";
import type { JsonSchema } from "./reference";

/** What a value may be, in words: `integer, 1 to 4094`. */
export function describeType(schema: JsonSchema): string {
  const forms = [...listOf(schema.anyOf), ...listOf(schema.oneOf)];
  if (forms.length > 0) return [...new Set(forms.map(describeType))].join("; or ");
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  if (Array.isArray(schema.enum)) return schema.enum.map(code).join(", ");
  if (schema.const !== undefined) return code(schema.const);
  if (schema.$ref !== undefined) return "anything";
  switch (schema.type) {
    case "array":
      return [
        `list of ${describeItems(schema.items)}`,
        ...range(schema.minItems, schema.maxItems, "entries"),
      ].join(", ");
    case "object":
      return describeMap(schema);
    case "string":
      return ["text", ...textRules(schema)].join(", ");
    default:
      return [String(schema.type), ...range(schema.minimum, schema.maximum)].join(", ");
  }
}

function describeItems(items: unknown): string {
  const [item = {}] = listOf([items]);
  if (item.type === "object" && isMapping(item.properties)) return "maps";
  return describeType(item)
    .replace(/^text\b/, "texts")
    .replace(/^integer\b/, "integers");
}

function describeMap({ properties, additionalProperties: values }: JsonSchema): string {
  if (isMapping(properties) || !isMapping(values)) return "map";
  return `map of names to ${describeItems(values)}`;
}

function textRules(schema: JsonSchema): readonly string[] {
  const own = [
    ...(schema.format === undefined ? [] : [String(schema.format).toUpperCase()]),
    ...(isLegible(schema.pattern) ? [code(schema.pattern)] : []),
    ...range(schema.minLength, schema.maxLength, "characters"),
  ];
  return [...own, ...listOf(schema.allOf).flatMap(textRules)];
}

/** A longer pattern says less than the meaning of the key; an editor and the error of a bad value have it. */
const isLegible = (pattern: unknown) => typeof pattern === "string" && pattern.length <= 60;

/** Nothing where there is no limit, or only that of what a number can be. */
function range(least: unknown, most: unknown, unit = ""): readonly string[] {
  const has = (limit: unknown) => typeof limit === "number" && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  const after = unit && ` ${unit}`;
  if (least === 1 && unit !== "" && !has(most)) return ["not empty"];
  if (has(least) && has(most)) return [`${least} to ${most}${after}`];
  if (has(least)) return [`at least ${least}${after}`];
  return has(most) ? [`at most ${most}${after}`] : [];
}

const code = (value: unknown): string => `\`${value}\``;

function listOf(value: unknown): readonly JsonSchema[] {
  return Array.isArray(value) ? value.filter(isMapping) : [];
}
