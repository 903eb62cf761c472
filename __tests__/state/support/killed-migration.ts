import fs from "node:fs";
import type { StateBackend } from "../../../config";
import { Migration } from "../../../state/migrate";
import { loadProject } from "../../../state/project";

/*
 * Runs a migration and kills its own process before the effect whose number is in KILL_AT: a change of a file, or a
 * request that is not a read. Started by the test.
 */

let left = Number(process.env.KILL_AT);
function effect(): void {
  if (--left === 0) process.kill(process.pid, "SIGKILL");
}

for (const name of ["writeFileSync", "renameSync", "rmSync", "writeSync", "ftruncateSync"] as const) {
  const real = fs[name] as (...args: never[]) => unknown;
  const counted = (...args: never[]) => {
    effect();
    return real(...args);
  };
  Object.assign(fs, { [name]: counted });
}
const realFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const method = init?.method ?? (input instanceof Request ? input.method : "GET");
  if (method !== "GET") effect();
  return realFetch(input, init);
};

async function main(): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const to = process.env.MIGRATE_TO as StateBackend;
  await Migration.runExclusive(project, async () => (await Migration.plan(project, to)).run());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
