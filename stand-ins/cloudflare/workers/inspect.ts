import type { Readable } from "node:stream";
import type { Miniflare } from "miniflare";
import { z } from "zod";
import { startMiniflare } from "../../../worker/miniflare";
import { ApiError } from "../api-error";
import type { Binding } from "../model";
import { startFailure } from "../runtime/start-failure";
import { codeOptions, variableBindings } from "../runtime/worker-options";
import { invalid, type Upload } from "./upload";

const INSPECTOR = "stand-in-inspector.mjs";

/** A module that is added to the uploaded ones and answers what they export. */
const inspector = (mainModule: string): string => `
  import * as uploaded from ${JSON.stringify(`./${mainModule}`)};
  const methods = (value) => typeof value === "function"
    ? Object.getOwnPropertyNames(value.prototype ?? {}).filter((name) => name !== "constructor")
    : Object.keys(value ?? {}).filter((name) => typeof value[name] === "function");
  const exported = Object.entries(uploaded)
    .map(([name, value]) => ({ name, isClass: typeof value === "function", methods: methods(value) }));
  export default { fetch: () => Response.json(exported) };`;

const exportsSchema = z.array(
  z.object({ name: z.string(), isClass: z.boolean(), methods: z.array(z.string()) }),
);

/** What a script exports. */
export interface Inspection {
  readonly classes: readonly string[];
  readonly handlers: readonly string[];
  readonly namedHandlers: readonly { readonly name: string; readonly handlers: readonly string[] }[];
}

/**
 * Starts a script in a workerd of its own, without storage, so that a script that does not start disturbs nothing.
 * @throws ApiError 400 with the error of workerd where the script does not parse or start
 */
export async function inspect({ metadata, mainModule, modules }: Upload, bindings: readonly Binding[]) {
  const { modules: uploaded, ...code } = codeOptions({
    mainModule,
    modules,
    compatibilityDate: metadata.compatibility_date,
    compatibilityFlags: metadata.compatibility_flags,
  });
  let output = "";
  let miniflare: Miniflare | undefined;
  try {
    miniflare = await startMiniflare({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      ...code,
      modules: [{ type: "ESModule", path: INSPECTOR, contents: inspector(mainModule) }, ...uploaded],
      bindings: variableBindings(bindings) as Record<string, never>,
      handleRuntimeStdio(stdout: Readable, stderr: Readable) {
        stdout.resume();
        stderr.on("data", (data: Buffer) => {
          output += data.toString();
        });
      },
    });
    const answer = await miniflare.dispatchFetch("http://worker/");
    return inspectionOf(exportsSchema.parse(await answer.json()));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw invalid(startFailure(output) || (error as Error).message);
  } finally {
    await miniflare?.dispose();
  }
}

function inspectionOf(exported: z.output<typeof exportsSchema>): Inspection {
  const main = exported.find(({ name }) => name === "default");
  const named = exported.filter(({ name }) => name !== "default");
  if (exported.length === 0) {
    throw new ApiError(400, 10068, "The uploaded script has no registered event handlers.");
  }
  return {
    classes: named.filter(({ isClass }) => isClass).map(({ name }) => name),
    handlers: main?.methods ?? [],
    namedHandlers: named.map(({ name, isClass, methods }) => ({
      name,
      handlers: isClass ? ["class"] : methods,
    })),
  };
}
