import { join } from "node:path";
import type { Readable } from "node:stream";
import type { MiniflareOptions, WorkerOptions } from "miniflare";
import { type AccountState, type Binding, bucketKey, type Module, type Script } from "../model";
import type { R2Gateway } from "../s3/storage/gateway";
import { variables } from "../workers/bindings";

/** Where the objects of a class of Durable Objects are kept. */
export const durableObjectsFolder = (folder: string): string => join(folder, "durable-objects");

/** All Workers and buckets of the account, in one workerd: what one of them writes, the others read. */
export function runtimeOptions(
  state: AccountState,
  gateway: R2Gateway,
  folder: string,
  log: ((text: string) => void) | undefined,
): MiniflareOptions {
  const storageIds = Object.values(state.buckets).map(({ storageId }) => storageId);
  const scripts = Object.values(state.scripts).map((script) => workerOptions(script, state));
  return {
    host: "127.0.0.1",
    port: 0,
    cf: false,
    r2Persist: join(folder, "r2"),
    durableObjectsPersist: durableObjectsFolder(folder),
    workers: [gateway.worker(storageIds), ...scripts],
    handleRuntimeStdio(stdout: Readable, stderr: Readable) {
      for (const stream of [stdout, stderr]) stream.on("data", (data: Buffer) => log?.(data.toString()));
    },
  };
}

function workerOptions(script: Script, { buckets }: AccountState): WorkerOptions {
  const r2Buckets: Record<string, string> = {};
  const durableObjects: NonNullable<WorkerOptions["durableObjects"]> = {};
  for (const binding of script.bindings) {
    if (binding.type === "r2_bucket") {
      // A bucket that is gone since: the Worker runs on and finds nothing.
      r2Buckets[binding.name] = buckets[bucketKey(bucketOf(binding))]?.storageId ?? "gone";
    }
    if (binding.type === "durable_object_namespace") {
      const kept = script.classes[binding.class_name];
      if (!kept) continue;
      durableObjects[binding.name] = {
        className: binding.class_name,
        useSQLite: kept.sqlite,
        unsafeUniqueKey: kept.namespaceId,
      };
    }
  }
  return {
    name: script.name,
    ...codeOptions(script),
    bindings: variables(script.bindings) as WorkerOptions["bindings"],
    r2Buckets,
    durableObjects,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

const bucketOf = ({
  bucket_name: name,
  jurisdiction = "default",
}: Extract<Binding, { type: "r2_bucket" }>) => ({
  name,
  jurisdiction,
});

type Code = Pick<Script, "mainModule" | "modules" | "compatibilityDate" | "compatibilityFlags">;
type ModuleOptions = Extract<WorkerOptions["modules"], readonly unknown[]>;

/** The code of a script, with the main module first. */
export function codeOptions({ mainModule, modules, compatibilityDate, compatibilityFlags }: Code) {
  const sorted = [...modules].sort((a, b) => Number(b.name === mainModule) - Number(a.name === mainModule));
  return {
    modules: sorted
      .filter(({ contentType }) => contentType !== SOURCE_MAP)
      .map(moduleOptions) as ModuleOptions,
    ...(compatibilityDate && { compatibilityDate }),
    compatibilityFlags: [...compatibilityFlags],
  };
}

const SOURCE_MAP = "application/source-map";

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
