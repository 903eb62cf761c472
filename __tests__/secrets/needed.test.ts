import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StateConfig } from "../../config";
import { neededVariables } from "../../secrets/needed";

let HOME: string;
beforeEach(() => {
  HOME = mkdtempSync(join(tmpdir(), "needed-"));
});
afterEach(() => rmSync(HOME, { recursive: true }));

const needed = (state: object, env: NodeJS.ProcessEnv = {}) =>
  neededVariables({ encryption: { provider: "pbkdf2" }, ...state } as StateConfig, { HOME, ...env });

test.each([
  ["r2", ["PROXMOX_VE_API_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "TF_VAR_state_passphrase"]],
  ["worker", ["PROXMOX_VE_API_TOKEN", "TF_HTTP_USERNAME", "TF_HTTP_PASSWORD", "TF_VAR_state_passphrase"]],
  ["local", ["PROXMOX_VE_API_TOKEN", "TF_VAR_state_passphrase"]],
])("a state in %s needs %j", (backend, variables) => {
  expect(needed({ backend })).toEqual(variables);
});

test("nothing is asked for that comes from elsewhere", () => {
  const elsewhere = {
    AWS_PROFILE: "r2",
    PROXMOX_VE_USERNAME: "root@pam",
    TF_ENCRYPTION: 'key_provider "pbkdf2" "main" {\n  passphrase = "of the environment"\n}',
  };
  expect(needed({ backend: "r2" }, elsewhere)).toEqual([]);
  expect(needed({ backend: "local", encryption: { provider: "aws_kms" } })).toEqual(["PROXMOX_VE_API_TOKEN"]);
  // Only the rounds are configured there.
  expect(needed({ backend: "local" }, { TF_ENCRYPTION: "iterations = 200000" })).toContain(
    "TF_VAR_state_passphrase",
  );
});

test("a key pair may be in the file of the AWS CLI", () => {
  mkdirSync(join(HOME, ".aws"));
  writeFileSync(join(HOME, ".aws/credentials"), "[default]\n");
  expect(needed({ backend: "r2" })).toEqual(["PROXMOX_VE_API_TOKEN", "TF_VAR_state_passphrase"]);
});
