// `npm run schema [source[@version] …]`: writes the schema that a real provider gives, and says what changed.
// Without an argument: the providers of cdktf.json.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runGroup, tail } from "../process/process-group";
import { resolveToolchain } from "../toolchain";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/** What one provider says about itself. */
interface ProviderSchema {
  readonly provider: JsonObject;
  readonly [kind: string]: JsonObject;
}
interface SchemaFile {
  readonly format_version: string;
  readonly provider_schemas: Readonly<Record<string, ProviderSchema>>;
  readonly provider_versions: Readonly<Record<string, string>>;
}

const root = join(__dirname, "..");
const pins: readonly string[] = JSON.parse(readFileSync(join(root, "cdktf.json"), "utf8")).terraformProviders;

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  const { tofu, env } = await resolveToolchain({ report: console.error, signal: stop.signal });

  const wanted = process.argv.slice(2);
  for (const argument of wanted.length > 0 ? wanted : pins) {
    const { source, version } = resolvePin(argument);
    const file = join(__dirname, `${source.split("/").pop()}@${version}.json`);
    const before = committedSchema(source, file);
    const asked = await askProvider(tofu, { ...process.env, ...env }, source, version, stop.signal);
    const after = pins.some((pin) => pin.startsWith(`${source}@`)) ? asked : onlyKnown(asked, before);
    writeFileSync(file, format(source, version, after));
    console.log(`${source} ${version}: ${describeChange(before, after)} (${file})`);
  }
}

/** "bpg/proxmox", "proxmox" or "bpg/proxmox@0.112.0" */
function resolvePin(argument: string): { readonly source: string; readonly version: string } {
  const [name = "", version] = argument.split("@");
  const pin = pins.find((pin) => pin.startsWith(`${name}@`) || pin.split("@")[0]?.endsWith(`/${name}`));
  const [source = name, pinned] = pin?.split("@") ?? [];
  const chosen = version ?? pinned;
  if (!source.includes("/") || chosen === undefined) {
    throw new Error(`${argument} is not in cdktf.json; name it as namespace/name@version`);
  }
  return { source, version: chosen };
}

/** Starts the provider by way of OpenTofu, in a folder of its own. */
async function askProvider(
  tofu: string,
  env: NodeJS.ProcessEnv,
  source: string,
  version: string,
  signal: AbortSignal,
): Promise<ProviderSchema> {
  const folder = await mkdtemp(join(tmpdir(), "provider-schema-"));
  try {
    const required_providers = { wanted: { source, version } };
    await writeFile(join(folder, "main.tf.json"), JSON.stringify({ terraform: { required_providers } }));
    const run = async (...args: string[]) => {
      const { exitCode, stdout, output } = await runGroup(tofu, args, { cwd: folder, env, signal });
      if (exitCode !== 0)
        throw new Error(`tofu ${args.join(" ")} failed for ${source} ${version}:\n${tail(output, 30)}`);
      return stdout;
    };
    await run("init", "-no-color", "-input=false");
    const { provider_schemas }: SchemaFile = JSON.parse(await run("providers", "schema", "-json"));
    const [, schema] = Object.entries(provider_schemas).find(([key]) => key.endsWith(`/${source}`)) ?? [];
    if (schema === undefined) throw new Error(`${source} ${version} gives no schema`);
    return sorted(withoutTexts(schema)) as unknown as ProviderSchema;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Descriptions are half of a schema and mean nothing to a binding; names may still be "description". */
function withoutTexts(schema: object, areNames = false): JsonObject {
  const texts = ["description", "description_kind", "deprecation_message"];
  const isNameMap = (key: string) =>
    key === "attributes" || key === "block_types" || key.endsWith("_schemas");
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => areNames || !texts.includes(key))
      .map(([key, value]: [string, Json]) => [
        key,
        value === null || typeof value !== "object" || Array.isArray(value)
          ? value
          : withoutTexts(value, !areNames && isNameMap(key)),
      ]),
  );
}

function sorted(value: Json): Json {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, sorted(child)]),
  );
}

/** A schema without bindings of ours serves to validate a few resources only: it stays at those. */
function onlyKnown(schema: ProviderSchema, before: ProviderSchema | undefined): ProviderSchema {
  if (before === undefined) return schema;
  const kept = Object.entries(schema)
    .filter(([kind]) => kind in before)
    .map(([kind, entries]) => [
      kind,
      Object.fromEntries(Object.entries(entries).filter(([name]) => name in (before[kind] ?? {}))),
    ]);
  return { ...Object.fromEntries(kept), provider: schema.provider };
}

/** cdktf looks a provider up under HashiCorp's host, whatever it was fetched from. */
function format(source: string, version: string, schema: ProviderSchema): string {
  const key = `registry.terraform.io/${source}`;
  const file: SchemaFile = {
    format_version: "1.0",
    provider_schemas: { [key]: schema },
    provider_versions: { [key]: version },
  };
  return `${JSON.stringify(file, null, 1)}\n`;
}

/** The file itself, else another version of the same provider. */
function committedSchema(source: string, file: string): ProviderSchema | undefined {
  const name = source.split("/").pop();
  const other = readdirSync(__dirname).find((entry) => entry.startsWith(`${name}@`));
  const found = existsSync(file) ? file : other && join(__dirname, other);
  if (!found) return undefined;
  const { provider_schemas }: SchemaFile = JSON.parse(readFileSync(found, "utf8"));
  return provider_schemas[`registry.terraform.io/${source}`];
}

function describeChange(before: ProviderSchema | undefined, after: ProviderSchema): string {
  if (before === undefined) return "new";
  const marks = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes = [...marks].flatMap((kind) => {
    const [was, is] = [before[kind] ?? {}, after[kind] ?? {}];
    return [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]))
      .map((name) => `${name in was ? (name in is ? "~" : "-") : "+"} ${kind}.${name}`);
  });
  return changes.length === 0
    ? "unchanged"
    : `${changes.length} changes; \`npm run prepare\` makes the bindings\n  ${changes.sort().join("\n  ")}\n`;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
