import { join } from "node:path";
import type { Readable } from "node:stream";
import type { MiniflareOptions, WorkerOptions } from "miniflare";
import type { AccountState, Script } from "../model";
import { lockWorkers, r2Bindings } from "../r2/bindings";
import type { R2Gateway } from "../s3";
import { runnableCode, variableBindings } from "./worker-options";

/** The folder that has a subfolder for each class of Durable Objects. */
export const durableObjectsFolder = (folder: string): string => join(folder, "durable-objects");

/** All Workers and buckets of the account run in one workerd, so that all of them see the same objects. */
export function runtimeOptions(
  state: AccountState,
  gateway: R2Gateway,
  folder: string,
  log: (text: string) => void,
): MiniflareOptions {
  const storageIds = Object.values(state.buckets).map(({ storageId }) => storageId);
  const scripts = Object.values(state.scripts).map((script) => workerOptions(script, state));
  return {
    host: "127.0.0.1",
    port: 0,
    cf: false,
    r2Persist: join(folder, "r2"),
    durableObjectsPersist: durableObjectsFolder(folder),
    workers: [gateway.worker(storageIds), ...lockWorkers(state), ...scripts],
    handleRuntimeStdio(stdout: Readable, stderr: Readable) {
      for (const stream of [stdout, stderr]) stream.on("data", (data: Buffer) => log(data.toString()));
    },
  };
}

function workerOptions(script: Script, state: AccountState): WorkerOptions {
  return {
    name: script.name,
    ...runnableCode(script),
    bindings: variableBindings(script.bindings) as WorkerOptions["bindings"],
    ...r2Bindings(script, state),
    durableObjects: durableObjects(script),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

function durableObjects({ bindings, classes }: Script): NonNullable<WorkerOptions["durableObjects"]> {
  const namespaces = bindings.flatMap((binding) => {
    const bound = binding.type === "durable_object_namespace" ? classes[binding.class_name] : undefined;
    if (binding.type !== "durable_object_namespace" || !bound) return [];
    const { namespaceId: unsafeUniqueKey, sqlite: useSQLite } = bound;
    return [[binding.name, { className: binding.class_name, useSQLite, unsafeUniqueKey }] as const];
  });
  return Object.fromEntries(namespaces);
}
