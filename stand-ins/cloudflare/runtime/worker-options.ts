import type { WorkerOptions } from "miniflare";
import type { Binding, Module, Script } from "../model";

const SOURCE_MAP = "application/source-map";

type Code = Pick<Script, "mainModule" | "modules" | "compatibilityDate" | "compatibilityFlags">;
type ModuleOptions = Extract<WorkerOptions["modules"], readonly unknown[]>;

const ENTRY = "stand-in-entry.mjs";

/** workerd has no jurisdictions: here, an object in one is another object, as on Cloudflare. */
const entry = (mainModule: string): string => `
  import { env } from "cloudflare:workers";
  for (const objects of Object.values(env)) {
    if (typeof objects?.jurisdiction !== "function") continue;
    Object.getPrototypeOf(objects).jurisdiction = function (jurisdiction) {
      const inside = (name) => jurisdiction + "/" + name;
      return {
        getByName: (name) => this.getByName(inside(name)),
        idFromName: (name) => this.idFromName(inside(name)),
        get: (id) => this.get(id),
      };
    };
  }
  export * from ${JSON.stringify(`./${mainModule}`)};
  export { default } from ${JSON.stringify(`./${mainModule}`)};`;

/** The code of a script with what workerd lacks. */
export function runnableCode(script: Code) {
  const { modules, ...options } = codeOptions(script);
  const first: ModuleOptions[number] = { type: "ESModule", path: ENTRY, contents: entry(script.mainModule) };
  return { modules: [first, ...modules] as ModuleOptions, ...options };
}

/** The code of a script as options for Miniflare, with the main module first. */
export function codeOptions({ mainModule, modules, compatibilityDate, compatibilityFlags }: Code) {
  const sorted = [...modules].sort((a, b) => Number(b.name === mainModule) - Number(a.name === mainModule));
  const run = sorted.filter(({ contentType }) => contentType !== SOURCE_MAP);
  return {
    modules: run.map(moduleOptions) as ModuleOptions,
    ...(compatibilityDate && { compatibilityDate }),
    compatibilityFlags: [...compatibilityFlags],
  };
}

function moduleOptions({ name, contentType, contents }: Module): ModuleOptions[number] {
  const bytes = Buffer.from(contents, "base64");
  switch (contentType.split(";")[0]) {
    case "application/wasm":
      return { type: "CompiledWasm", path: name, contents: bytes };
    case "text/plain":
      return { type: "Text", path: name, contents: bytes.toString() };
    case "application/octet-stream":
      return { type: "Data", path: name, contents: bytes };
    default:
      return { type: "ESModule", path: name, contents: bytes.toString() };
  }
}

/** The variables and secrets of a script as Miniflare's `bindings`. */
export function variableBindings(bindings: readonly Binding[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const binding of bindings) {
    if (binding.type === "plain_text" || binding.type === "secret_text") values[binding.name] = binding.text;
    if (binding.type === "json") values[binding.name] = binding.json;
  }
  return values;
}
