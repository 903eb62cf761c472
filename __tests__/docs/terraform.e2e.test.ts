import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { snapshot } from "../../state/snapshot";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { follow } from "./support/guide";
import { Scratch } from "./support/scratch";

/*
 * The guide from Terraform to OpenTofu. No Terraform runs here, since no CI can be given one: the state in fixtures/ was written by Terraform
 * 1.11.4 with bpg/proxmox 0.111.1, and is read by the real OpenTofu with the same provider.
 */

const FIXTURES = join(__dirname, "fixtures");
const SECRET = "hunter2-in-the-state";

let proxmox: RunningProxmox;
let scratch: Scratch;
beforeAll(async () => {
  proxmox = await startProxmox();
  scratch = new Scratch("short");
});
afterAll(async () => {
  scratch.remove();
  await proxmox.stop();
});

test("a state that Terraform has written is read as it is, and then encrypted, with nothing to do in between", async () => {
  const admin = new ApiClient(proxmox);
  await admin.ok(admin.post("/pools", { poolid: "talos", comment: "made by Terraform" }));
  cpSync(join(FIXTURES, "terraform.tf"), join(scratch.old, "main.tf"));
  cpSync(join(FIXTURES, "terraform-1.11.4.json"), join(scratch.old, "terraform.tfstate"));
  const stateOf = (name: string) => snapshot(readFileSync(join(scratch.old, name)), name);
  const written = stateOf("terraform.tfstate");
  await proxmox.control.clearRequests();

  const env = scratch.env({
    ...proxmox.env,
    TF_VAR_state_passphrase: "a passphrase that nobody guesses",
    // The fewest rounds that OpenTofu lets one have.
    TF_ENCRYPTION: 'key_provider "pbkdf2" "main" {\n  iterations = 200000\n}',
  });
  const said = await follow("migrations/terraform-to-opentofu.md", scratch.cluster, env);
  // Before, at the apply, and after.
  expect(said.match(/^No changes\./gm)).toHaveLength(3);
  const requests = await proxmox.control.listRequests();
  expect(requests.filter(({ method }) => method !== "GET")).toEqual([]);

  expect(stateOf("before.tfstate")).toMatchObject({
    serial: written.serial,
    lineage: written.lineage,
    encrypted: false,
  });
  expect(stateOf("terraform.tfstate")).toMatchObject({ lineage: written.lineage, encrypted: true });
  expect(stateOf("terraform.tfstate").serial).toBeGreaterThan(written.serial);
  expect(readFileSync(join(scratch.old, "terraform.tfstate"), "utf8")).not.toContain(SECRET);
  expect(readFileSync(join(scratch.old, "encryption.tf"), "utf8").match(/enforced += true/g)).toHaveLength(2);
});
