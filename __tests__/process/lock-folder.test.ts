import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "../../process/lock-folder";
import { TYPESCRIPT } from "../support/running-program";

let folder: string;
let said: jest.SpyInstance;
const running: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-folder-"));
  said = jest.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  said.mockRestore();
  rmSync(folder, { recursive: true, force: true });
});

const NOW = { timeoutMs: 0 };
const REFUSED =
  /another npm run bootstrap is running in .*, or a program that it started before it was killed/;

/** Another process that has the folder. Its program has started a helper, as OpenTofu starts providers. */
async function anotherRun(): Promise<ChildProcess> {
  const script = `
    const { lockFolder } = require("./process/lock-folder");
    const { runGroup } = require("./process/process-group");
    lockFolder(${JSON.stringify(folder)}, "npm run bootstrap").then(() =>
      runGroup("sh", ["-c", "sleep 60 >/dev/null 2>&1 & echo started; exec sleep 60"], { onLine: console.log }),
    );`;
  const child = spawn(process.execPath, [...TYPESCRIPT, "-e", script], {
    cwd: join(__dirname, "../.."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  await once(child.stdout, "data");
  return child;
}

test("the next run has the folder once the first one has let it go", async () => {
  const release = await lockFolder(folder, "npm run bootstrap");
  await expect(lockFolder(folder, "npm run bootstrap", NOW)).rejects.toThrow(REFUSED);
  release();
  const again = await lockFolder(folder, "npm run bootstrap", NOW);
  again();
});

test("who waits has it as soon as it is free, and can stop to wait", async () => {
  const release = await lockFolder(folder, "npm run bootstrap");
  const stop = new AbortController();
  const stopped = lockFolder(folder, "npm run bootstrap", { signal: stop.signal });
  stop.abort();
  await expect(stopped).rejects.toThrow("aborted");
  const next = lockFolder(folder, "npm run bootstrap");
  release();
  (await next)();
  expect(said.mock.calls.join()).toContain("another npm run bootstrap has");
});

test("the programs of a run that was killed end with it, and the next run has the folder", async () => {
  const child = await anotherRun();
  await expect(lockFolder(folder, "npm run bootstrap", NOW)).rejects.toThrow(REFUSED);
  child.kill("SIGKILL");
  await once(child, "exit");
  // Program and helper have inherited the lock: it is free once both have ended.
  const release = await lockFolder(folder, "npm run bootstrap", { timeoutMs: 10_000 });
  release();
});
