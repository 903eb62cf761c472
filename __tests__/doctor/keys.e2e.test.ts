import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { DEFAULT_KEY_ID } from "../../domain/state";
import { lookForOpenTofu } from "../../toolchain";
import { TofuClient } from "../state/support/tofu-client";
import { useBackends } from "../state/support/use-backends";
import { linesOf, removeSites, site } from "./support/site";

/* Whether the passphrase opens the state, by the real OpenTofu. */

const PASSPHRASE = "correct horse battery staple";
const backends = useBackends();
afterAll(removeSites);

/** A state that an apply has encrypted, and what the check says with these variables and this configuration. */
let stateYaml: string;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  const project = backends.project({
    backend: "r2",
    env: { TF_VAR_state_passphrase: PASSPHRASE },
    state: ["encryption: { provider: pbkdf2 }"],
  });
  const client = new TofuClient(project);
  await client.init();
  expect(await client.apply(1)).toMatchObject({ exitCode: 0 });
  stateYaml = project.yaml().slice(project.yaml().indexOf("state:"));
  env = project.env;
});

function check(more: Readonly<Record<string, string>> = {}, encryption?: string): Promise<readonly string[]> {
  const yaml = encryption ? stateYaml.replace(/encryption: .*/, `encryption: ${encryption}`) : stateYaml;
  const all = {
    PATH: process.env.PATH,
    TERRAFORM_BINARY_NAME: process.env.TERRAFORM_BINARY_NAME,
    ...env,
    ...more,
  };
  const at = site({ yaml, env: all });
  return linesOf("passphrase", {
    ...at,
    tools: { ...at.tools, openTofu: () => lookForOpenTofu({ env: at.env }) },
  });
}
const ROTATED = `{ provider: pbkdf2, key_id: second, previous: { provider: pbkdf2, key_id: ${DEFAULT_KEY_ID} } }`;

test("the passphrase that wrote the state opens it, and no copy is left behind", async () => {
  // In a folder of its own, since other tests of the doctor run beside this one.
  const folder = mkdtempSync(join(os.tmpdir(), "copies-"));
  jest.spyOn(os, "tmpdir").mockReturnValue(folder);
  expect(await check()).toEqual(["pass the key opens the state"]);
  jest.restoreAllMocks();
  expect(readdirSync(folder).filter((name) => /^doctor-(?!test-|local-)/.test(name))).toEqual([]);
  removeSites();
  rmSync(folder, { recursive: true });
});

test("after a rotation, the previous one opens it", async () => {
  const passphrases = {
    TF_VAR_state_passphrase: "another one, long enough",
    TF_VAR_state_passphrase_previous: PASSPHRASE,
  };
  expect(await check(passphrases, ROTATED)).toEqual(["pass the key opens the state"]);
});

test.each<[string, Readonly<Record<string, string>>, string | undefined, RegExp]>([
  [
    "another passphrase",
    { TF_VAR_state_passphrase: "another one, long enough" },
    undefined,
    /^fail the key does not open the state → take the one/,
  ],
  [
    "another name of the key",
    {},
    "{ provider: pbkdf2, key_id: other }",
    /^fail (the key does not open the state|OpenTofu cannot make the key)/,
  ],
  [
    "no passphrase",
    { TF_VAR_state_passphrase: "" },
    undefined,
    /^fail TF_VAR_state_passphrase is not set → export/,
  ],
  [
    "one that is too short",
    { TF_VAR_state_passphrase: "short" },
    undefined,
    /^fail TF_VAR_state_passphrase has 5 characters, and OpenTofu wants 16/,
  ],
  [
    "a key service that cannot be reached",
    { VAULT_ADDR: "http://127.0.0.1:1", BAO_ADDR: "http://127.0.0.1:1", BAO_TOKEN: "x" },
    "{ provider: openbao, key_name: k }",
    /^fail OpenTofu cannot make the key: /,
  ],
  [
    "R2 out of reach",
    { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" },
    undefined,
    /^warn not checked: the state cannot be read → see the check state/,
  ],
  [
    "OpenTofu that is none",
    { TERRAFORM_BINARY_NAME: "/nowhere/tofu" },
    undefined,
    /^fail TERRAFORM_BINARY_NAME is "\/nowhere\/tofu"/,
  ],
])("with %s", async (_, more, encryption, text) => {
  const lines = await check(more, encryption);
  expect(lines).toEqual([expect.stringMatching(text)]);
  expect(lines.join()).not.toContain(PASSPHRASE);
});

test("encryption that is off needs none, with the reason", async () => {
  expect(await check({}, '{ provider: "off", reason: a test }')).toEqual(["pass none is needed: a test"]);
});
