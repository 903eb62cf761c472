import type { WorkerOptions } from "miniflare";
import type { Binding, Module, Script } from "../model";

const SOURCE_MAP = "application/source-map";

type Code = Pick<Script, "mainModule" | "modules" | "compatibilityDate" | "compatibilityFlags">;
type ModuleOptions = Extract<WorkerOptions["modules"], readonly unknown[]>;

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
