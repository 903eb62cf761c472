import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { DEFAULT_KEY_ID } from "../../domain/state";
import { lookForOpenTofu } from "../../toolchain";
import { stateOf } from "../state/support/project";
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

/** What a check with the real OpenTofu says. */
function linesWith(
  name: string,
  yaml: string,
  more: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const all = {
    PATH: process.env.PATH,
    TERRAFORM_BINARY_NAME: process.env.TERRAFORM_BINARY_NAME,
    ...env,
    ...more,
  };
  const at = site({ yaml, env: all });
  return linesOf(name, {
    ...at,
    tools: { ...at.tools, openTofu: () => lookForOpenTofu({ env: at.env }) },
  });
}

function check(more: Readonly<Record<string, string>> = {}, encryption?: string): Promise<readonly string[]> {
  const yaml = encryption ? stateYaml.replace(/encryption: .*/, `encryption: ${encryption}`) : stateYaml;
  return linesWith("passphrase", yaml, more);
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

test("a version with the secrets of Talos is told once they are out of the state of now", async () => {
  const folder = mkdtempSync(join(os.tmpdir(), "old-states-"));
  const path = join(folder, "lab.tfstate");
  try {
    const project = backends.project({
      backend: "local",
      env,
      state: ["encryption: { provider: pbkdf2 }", `path: ${path}`],
    });
    const client = new TofuClient(project);
    await client.init();
    const plain = stateOf(1).toString();
    const secrets = plain
      .replace('"type":"terraform_data"', '"type":"talos_machine_secrets"')
      .replace('"instances":[]', '"instances":[{"schema_version":0,"attributes":{}}]');
    await client.push(secrets);
    await client.push(plain.replace('"serial":1', '"serial":9'));
    const yaml = project.yaml().slice(project.yaml().indexOf("state:"));
    const talos = (place: string) => `${yaml}talos: { kubernetes_version: v1.36.0, secrets: ${place} }\n`;
    expect(await linesWith("versions", talos("in-state"))).toEqual(["pass no secret in the oldest 1"]);
    expect(await linesWith("versions", talos("out-of-state"))).toEqual([
      `warn ${path}.backup has the secrets of Talos, which are out of the state of now: whoever has the passphrase and this version has the cluster → change the passphrase and delete the old versions: docs/runbooks/secrets-in-old-states.md`,
    ]);
    // Whoever has only the passphrase of now reads nothing of it.
    const other = { TF_VAR_state_passphrase: "another one, long enough" };
    expect(await linesWith("versions", talos("out-of-state"), other)).toEqual([
      "pass no secret in the oldest 1",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("encryption that is off needs none, with the reason", async () => {
  expect(await check({}, '{ provider: "off", reason: a test }')).toEqual(["pass none is needed: a test"]);
});
