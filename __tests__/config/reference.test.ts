import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { parse as parseYaml } from "yaml";
import { describeType } from "../../config/describe-type";
import { keyReference } from "../../config/key-reference";
import { jsonSchemas } from "../../config/reference";
import { VALID } from "./support/cluster";

const ROOT = join(__dirname, "../..");
const read = (...path: readonly string[]) => readFileSync(join(ROOT, ...path), "utf8");

function validator(name: string) {
  const ajv = new Ajv({ strict: false });
  addFormats(ajv);
  return ajv.compile(JSON.parse(read("config", name)));
}

describe("what `npm run config:schema` writes is up to date:", () => {
  test.each([...jsonSchemas()])("%s", (name, text) => {
    expect(JSON.parse(read("config", name))).toEqual(JSON.parse(text));
  });

  test("docs/reference/cluster-yaml.md", () => {
    // The formatter aligns nothing in it.
    expect(read("docs", "reference", "cluster-yaml.md")).toBe(keyReference());
  });
});

test("the page has each key once, with what it may be", () => {
  const page = keyReference();
  const entry = (key: string) => page.split(`### \`${key}\`\n`)[1]?.split("\n#")[0]?.trim();
  const keys = [...page.matchAll(/^### `(.*)`$/gm)].map(([, key]) => key);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  expect(keys.length).toBeGreaterThan(250);
  expect(entry("nodes[].vm_id")).toMatch(/^[A-Z].*\n\n- type: integer, 100 to 999999999\n- default: /);
  expect(entry("boot_mode")).toMatch(/\n- type: `iso`, `disk-image`\n- default: `iso`$/);
  expect(entry("node_cidr")).toMatch(/\n- required$/);
  expect(entry("state.encryption.provider")).toContain(
    "- type: `pbkdf2`, `aws_kms`, `gcp_kms`, `openbao`, `off`",
  );
});

test.each([
  [{ type: "array", minItems: 1, items: { type: "string" } }, "list of texts, not empty"],
  [
    { type: "array", maxItems: 4, items: { type: "object", properties: {} } },
    "list of maps, at most 4 entries",
  ],
  [{ anyOf: [{ type: "integer", minimum: 1 }, { const: "all" }] }, "integer, at least 1; or `all`"],
  [{ type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, "integer, at least 0"],
  [{ type: "string", pattern: "^a$", allOf: [{ pattern: "^b$" }] }, "text, `^a$`, `^b$`"],
  [{ type: "string", pattern: "a".repeat(61) }, "text"],
  [
    { type: "object", additionalProperties: { type: "string", minLength: 1 } },
    "map of names to texts, not empty",
  ],
])("%j is %s", (schema, words) => expect(describeType(schema)).toBe(words));

test("every key is explained", () => {
  const keys: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    for (const [key, value] of Object.entries(schema)) {
      if (key === "properties") {
        for (const [name, property] of Object.entries(value)) {
          if (!("description" in Object(property))) keys.push(`${path}.${name}`);
          visit(property, `${path}.${name}`);
        }
      } else visit(value, path);
    }
  };
  for (const text of jsonSchemas().values()) visit(JSON.parse(text), "");
  expect(keys).toEqual([]);
});

test("the schemas accept the files of the examples, and a cluster in one file", () => {
  const cluster = validator("cluster.schema.json");
  const nodes = validator("nodes.schema.json");
  expect(cluster(parseYaml(read("examples/six-nodes/cluster.yaml")))).toBe(true);
  expect(nodes(parseYaml(read("examples/six-nodes/nodes.yaml")))).toBe(true);
  const several = "examples/two-clusters/clusters";
  expect(cluster(parseYaml(read(several, "production/cluster.yaml")))).toBe(true);
  expect(nodes(parseYaml(read(several, "production/nodes.yaml")))).toBe(true);
  expect(cluster(parseYaml(read(several, "staging/cluster.yaml")))).toBe(true);
  expect(nodes({ node_pools: [{ name: "w", first_address: "10.0.0.1", count: 2, vm_id: 7 }] })).toBe(false);
  expect(cluster(parseYaml(VALID))).toBe(true);
});

test("the schemas refuse what the program refuses by form", () => {
  const cluster = validator("cluster.schema.json");
  expect(cluster(parseYaml(VALID.replace("controller: true", "controller: yes please")))).toBe(false);
  expect(cluster(parseYaml(VALID.replace("vm_id: 101", "vm_id: 99")))).toBe(false);
});

test.each(["six-nodes", "two-clusters/clusters/production"])(
  "the files of examples/%s name their schemas by a path that exists",
  (example) => {
    for (const file of ["cluster.yaml", "nodes.yaml"]) {
      const [, schema = ""] = /\$schema=(\S+)/.exec(read("examples", example, file)) ?? [];
      expect(JSON.parse(read("examples", example, schema))).toHaveProperty("properties.nodes");
    }
  },
);
