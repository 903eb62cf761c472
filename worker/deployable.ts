import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { bundleWorker, workerModule } from "./build";
import { compatibilityDate, compatibilityFlags } from "./compatibility";

/** The Worker as a deployment takes it; `TfstateWorker` has a prop of this shape. */
export interface DeployableWorker {
  /** Absolute path of the module. */
  readonly path: string;
  /** Of its bytes, in hex. */
  readonly sha256: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
}

/** Bundles the Worker as it is now: what is deployed is never older than the sources. */
export async function deployableWorker(): Promise<DeployableWorker> {
  const text = await bundleWorker();
  await writeWhole(workerModule, text);
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { path: workerModule, sha256, compatibilityDate, compatibilityFlags };
}

/** At once, since another synth may be copying the file. */
async function writeWhole(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => "")) === text) return;
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, text);
  await rename(partial, path);
}
