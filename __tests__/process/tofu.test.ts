import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tofu } from "../../process/tofu";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "run-tofu-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a workspace that a shell or an earlier run has chosen moves no state: there is one", async () => {
  const file = join(folder, "tofu");
  writeFileSync(file, '#!/bin/sh\necho "$1: ${TF_WORKSPACE-none} ${TF_DATA_DIR-none} $TF_VAR_a"\n', {
    mode: 0o755,
  });
  const chosen = join(folder, ".terraform/environment");
  mkdirSync(join(folder, ".terraform"));
  writeFileSync(chosen, "prod");
  const { PATH } = process.env;
  const env = { PATH, TF_WORKSPACE: "prod", TF_DATA_DIR: "/elsewhere", TF_VAR_a: "kept" };
  const { signal } = new AbortController();
  const tofu = new Tofu({ file, stackFolder: folder, logs: folder, env, signal, again: "again" });

  const said: string[] = [];
  const onLine = (line: string) => said.push(line);
  await tofu.init(onLine);
  await tofu.apply(onLine);
  expect(said).toEqual(["init: none none kept", "apply: none none kept"]);
  expect(existsSync(chosen)).toBe(false);
});
