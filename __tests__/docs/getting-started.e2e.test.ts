import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { follow } from "./support/guide";
import { Scratch } from "./support/scratch";

/* "Getting started" by somebody who has only that page: it starts its own stand-ins, and ends them. */

let scratch: Scratch;
beforeAll(() => {
  scratch = new Scratch("short");
});
afterAll(() => scratch.remove());

test("docs/getting-started.md leads from nothing to a cluster, through a change, and back", async () => {
  const home = join(scratch.root, "user");
  mkdirSync(home);
  const env = scratch.env({
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? "", ".cache"),
    // jest wants colours of its workers.
    FORCE_COLOR: undefined,
    // The fewest rounds that OpenTofu lets one have.
    TF_ENCRYPTION: 'key_provider "pbkdf2" "main" {\n  iterations = 200000\n}',
  });
  const said = await follow("getting-started.md", scratch.cluster, env);

  // What the page says one sees, step by step.
  const seen = [
    /^wrote +home\/cluster\.yaml$/m,
    /home\/cluster\.yaml keeps its states in r2; next: npm run plan$/m,
    /^pass +privileges +the token has \d+ of \d+ privileges$/m,
    /^\d+ passed, 0 warned, 0 failed$/m,
    /^16 to create\ncp-1\n {2}\+ create proxmox_virtual_environment_vm\.cp-1$/m,
    /^Apply complete! Resources: 16 added, 0 changed, 0 destroyed\.$/m,
    /^home\/kubeconfig is written/m,
    /^cp-1 +controlplane +running +yes +v1\.13\.0 +as wanted +9 of 9$/m,
    /^healthy$/m,
    /^4 to change in place$/m,
    /^ {6}memory\[0\]\.dedicated: 16384 → 8192$/m,
    /Resources: 0 added, 0 changed, 16 destroyed\.$/m,
  ];
  let rest = said;
  for (const each of seen) {
    const { index = -1 } = each.exec(rest) ?? {};
    if (index < 0) throw new Error(`${each} does not follow in:\n${said}`);
    rest = rest.slice(index);
  }

  const text = readFileSync(join(home, ".config/sops/age/keys.txt"), "utf8");
  expect(text).toContain("AGE-SECRET-KEY-");
  for (const name of ["home", "lab.env"]) expect(existsSync(join(scratch.cluster, name))).toBe(false);
});
