/**
 * The constructs for Cloudflare. They need @cdktf/provider-cloudflare, an optional peer dependency; index.ts does not.
 *
 * @module cdktf-proxmox-talos/cloudflare
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkerModule } from "./constructs/tfstate-worker";
import { compatibilityDate, compatibilityFlags } from "./worker/compatibility";

export * from "./constructs/cloudflare-provider";
export * from "./constructs/durable-object-migrations";
export * from "./constructs/state-bucket";
export * from "./constructs/state-token";
export * from "./constructs/tfstate-worker";
export * from "./constructs/tfstate-worker-settings";
export { WORKER_SCOPES } from "./domain/tfstate-worker";
export * from "./stacks/bootstrap-stack";

/** The tfstate Worker that comes with the package, for {@link TfstateWorker}. */
export function packagedWorker(): WorkerModule {
  const path = join(__dirname, "worker/dist/index.mjs");
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  return { path, sha256, compatibilityDate, compatibilityFlags };
}
