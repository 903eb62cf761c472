import fs from "node:fs";
import type { StateBackend } from "../../../config";
import { Migration } from "../../../state/migrate";
import { loadSetting } from "../../../state/setting";

/*
 * Runs a migration and kills its own process before the effect whose number is in KILL_AT: a change of a file, or a
 * request that is not a read. Bundled and started by the test.
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
  const setting = loadSetting(process.env, process.cwd());
  const to = process.env.MIGRATE_TO as StateBackend;
  await Migration.alone(setting, async () => (await Migration.plan(setting, to)).run());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
