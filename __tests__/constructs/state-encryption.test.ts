import { DataTerraformRemoteStateLocal } from "cdktf";
import { StateEncryption, type StateEncryptionProps } from "../../constructs/state-encryption";
import { synth } from "../support/synth";

function encryption(props?: StateEncryptionProps) {
  const { terraform, variable } = synth((stack) => {
    new StateEncryption(stack, "encryption", props);
  });
  return { ...(terraform.encryption as Record<string, unknown>), variable };
}

test("minimal: a passphrase, and nothing else is accepted", () => {
  const target = { method: "method.aes_gcm.main", enforced: true };
  expect(encryption()).toEqual({
    key_provider: { pbkdf2: { main: { passphrase: "${var.state_passphrase}" } } },
    method: { aes_gcm: { main: { keys: "${key_provider.pbkdf2.main}" } } },
    state: target,
    plan: target,
    variable: { state_passphrase: expect.objectContaining({ sensitive: true }) },
  });
});

test("who reads the state of another stack decrypts that too", () => {
  const { terraform } = synth((stack) => {
    new StateEncryption(stack, "encryption");
    new DataTerraformRemoteStateLocal(stack, "other", { path: "other.tfstate" });
  });
  expect(terraform.encryption).toMatchObject({
    remote_state_data_sources: { default: { method: "method.aes_gcm.main" } },
  });
});

test("a rotation reads with both keys and writes with the new one", () => {
  expect(
    encryption({ key: { provider: "pbkdf2", keyId: "second" }, previousKey: { provider: "pbkdf2" } }),
  ).toMatchObject({
    key_provider: {
      pbkdf2: {
        second: { passphrase: "${var.state_passphrase}" },
        main: { passphrase: "${var.state_passphrase_previous}" },
      },
    },
    state: { method: "method.aes_gcm.second", fallback: { method: "method.aes_gcm.main" }, enforced: true },
  });
});

test("a migration from plain text enforces nothing yet", () => {
  const { state, method } = encryption({ migrateFromPlaintext: true }) as Record<string, unknown>;
  expect(method).toMatchObject({ unencrypted: { migrate: {} } });
  expect(state).toEqual({
    method: "method.aes_gcm.main",
    fallback: { method: "method.unencrypted.migrate" },
  });
});

test.each<[NonNullable<StateEncryptionProps["key"]>, object]>([
  [
    { provider: "aws_kms", kmsKeyId: "alias/tofu", region: "eu-central-1" },
    { kms_key_id: "alias/tofu", region: "eu-central-1", key_spec: "AES_256" },
  ],
  [
    { provider: "gcp_kms", kmsEncryptionKey: "projects/p/k" },
    { kms_encryption_key: "projects/p/k", key_length: 32 },
  ],
  [
    { provider: "openbao", keyName: "tofu" },
    { key_name: "tofu", key_length: 32 },
  ],
])("%j", (key, expected) => {
  const { key_provider, variable } = encryption({ key }) as Record<string, Record<string, unknown>>;
  expect(key_provider?.[key.provider]).toEqual({ main: expected });
  expect(variable).toBeUndefined();
});

test("two keys of one name are refused: the state names the key by it", () => {
  expect(() => encryption({ previousKey: { provider: "pbkdf2" } })).toThrow(
    'the new key and the previous one are both called "main"; give the new one another key_id, such as "main-2"',
  );
});
