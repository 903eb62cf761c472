import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerraformStack } from "cdktf";
import { CloudflareProvider } from "../../constructs/cloudflare-provider";
import type { WorkerModule } from "../../constructs/tfstate-worker";
import { schemaProblems } from "./pinned-schema";
import { synth, type Template } from "./synth";

/** Id of a zone, and of no account that is used. */
export const ZONE = "fedcba9876543210fedcba9876543210";

export { ACCOUNT } from "./cloudflare-account";

const folder = mkdtempSync(join(tmpdir(), "worker-module-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A Worker that does nothing, on disk. */
export const workerModule: WorkerModule = writeModule("export default {};");

/** What `build` makes in a stack for Cloudflare; valid under the pinned schema of its provider. */
export function synthOnCloudflare(build: (stack: TerraformStack) => void): Template {
  const template = synth((stack) => {
    new CloudflareProvider(stack, "cloudflare");
    build(stack);
  });
  expect(schemaProblems(template)).toEqual([]);
  return template;
}

function writeModule(code: string): WorkerModule {
  const path = join(folder, "index.mjs");
  writeFileSync(path, code);
  return {
    path,
    sha256: createHash("sha256").update(code).digest("hex"),
    compatibilityDate: "2026-04-01",
  };
}
