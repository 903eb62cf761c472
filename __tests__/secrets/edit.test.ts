import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { edit } from "../../secrets/edit";

/* What happens to the file where sops, or the disk, fails. What sops makes of it is in secrets-file.e2e.test.ts. */

const BEFORE = "state_passphrase: ENC[AES256_GCM,data:before]\nsops: {}\n";
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edit-"));
  writeFileSync(join(folder, "secrets.sops.yaml"), BEFORE);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param body what sops does; `$2` is the file that it is given */
async function editWith(body: string): Promise<boolean> {
  const sops = join(folder, "sops");
  writeFileSync(sops, `#!/bin/sh\n${body}\n`);
  chmodSync(sops, 0o755);
  return edit({ folder, env: { PATH: process.env.PATH }, sops: async () => sops }).finally(() =>
    rmSync(sops),
  );
}
const after = () => readFileSync(join(folder, "secrets.sops.yaml"), "utf8");

test.each([
  ["the disk is full", ': > "$2"; exit 1', "sops edit ended with 1; nothing was changed"],
  ["sops is killed", ': > "$2"; kill -9 $$', "sops edit ended with a signal; nothing was changed"],
])("where %s, the file is as it was", async (_, body, message) => {
  await expect(editWith(body)).rejects.toThrow(message);
  expect(after()).toBe(BEFORE);
  expect(readdirSync(folder)).toEqual(["secrets.sops.yaml"]);
});

test("what sops has written takes the place of the file", async () => {
  const changed = BEFORE.replace("before", "after");
  expect(await editWith(`cat > "$2" <<'EOF'\n${changed}EOF`)).toBe(true);
  expect(after()).toBe(changed);
  expect(await editWith("exit 200")).toBe(false);
  expect(readdirSync(folder)).toEqual(["secrets.sops.yaml"]);
});

test("there has to be a file", async () => {
  rmSync(join(folder, "secrets.sops.yaml"));
  await expect(editWith("exit 0")).rejects.toThrow(
    /^there is no secrets\.sops\.yaml in .*; make it: npm run secrets -- init$/,
  );
});
