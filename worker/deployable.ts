import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeFileAtomic } from "../process/write-file-atomic";
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
  mkdirSync(dirname(workerModule), { recursive: true });
  // In one step: another synth may be copying the file.
  if (!isCurrent(text)) writeFileAtomic(workerModule, text);
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { path: workerModule, sha256, compatibilityDate, compatibilityFlags };
}

const isCurrent = (text: string): boolean =>
  existsSync(workerModule) && readFileSync(workerModule, "utf8") === text;
