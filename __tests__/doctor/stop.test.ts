import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import type { StateStore } from "../../state/store";
import { encryptedOf } from "../state/support/project";
import { linesOf, removeSites, site } from "./support/site";

/* A signal in the middle of a check: nothing is left behind once it ends the process. */

// The lock is held for so long that the signal comes meanwhile.
jest.mock("../../state/with-lock", () => {
  const { withLock } = jest.requireActual<typeof import("../../state/with-lock")>("../../state/with-lock");
  const wait = () => new Promise((resolve) => setTimeout(resolve, 50));
  return { withLock: (store: StateStore, operation: string) => withLock(store, operation, wait) };
});

let folder: string;
/** What was there when the process would have ended. */
let left: readonly string[] | undefined;
let watching: NodeJS.Timeout;
const ours = () =>
  readdirSync(folder).filter((name) => /doctor-/.test(name) && !name.startsWith("doctor-test-"));

beforeEach(() => {
  folder = mkdtempSync(join(os.tmpdir(), "stop-"));
  left = undefined;
  jest.spyOn(process, "kill").mockImplementation((pid) => {
    // Where somebody still listens, the signal does not end the process.
    if (pid === process.pid && process.listenerCount("SIGTERM") === 0) left ??= ours();
    return true;
  });
  // The signal comes as soon as there is something that could be left behind.
  watching = setInterval(() => {
    if (ours().length > 0) process.emit("SIGTERM", "SIGTERM");
  }, 1);
});
afterEach(() => {
  clearInterval(watching);
  jest.restoreAllMocks();
  removeSites();
  rmSync(folder, { recursive: true });
});

const yaml = (encryption: string) =>
  `state: { backend: local, path: ${join(folder, "a.tfstate")}, encryption: ${encryption} }\n`;

test("the file that was locked goes first", async () => {
  await linesOf("state", site({ yaml: yaml('{ provider: "off", reason: a test }') }));
  expect(left).toEqual([]);
});

test("the copy of the state goes first", async () => {
  jest.spyOn(os, "tmpdir").mockReturnValue(folder);
  writeFileSync(join(folder, "a.tfstate"), encryptedOf(3));
  const tofu = join(folder, "tofu");
  writeFileSync(tofu, "#!/bin/sh\nsleep 0.1\n");
  chmodSync(tofu, 0o755);
  const env = { PATH: process.env.PATH, TF_VAR_state_passphrase: "correct horse battery staple" };
  const at = site({ yaml: yaml("{ provider: pbkdf2 }"), env });
  const openTofu = async () => ({ path: tofu, version: "1.12.6", origin: "PATH" }) as const;
  expect(await linesOf("passphrase", { ...at, tools: { ...at.tools, openTofu } })).toEqual([
    "pass the key opens the state",
  ]);
  expect(left).toEqual([]);
});
