import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import {
  bundleText,
  parseSecretsBundle,
  secretsFingerprint,
  secretsIn,
  secretsVariables,
} from "../../talos/secrets-bundle";

const given = parse(readFileSync(join(__dirname, "../../stand-ins/talos-config/secrets.yaml"), "utf8"));
const bundle = parseSecretsBundle(given, "secrets.yaml");

test("a bundle of talosctl goes to OpenTofu and comes back", () => {
  expect(parse(bundleText(bundle))).toEqual(given);
  const variables = secretsVariables(bundle);
  expect(JSON.parse(variables.TF_VAR_talos_secrets ?? "")).toMatchObject({
    certs: { os: { cert: given.certs.os.crt, key: given.certs.os.key } },
    secrets: { bootstrap_token: given.secrets.bootstraptoken },
  });
  expect(secretsIn(variables)).toEqual(bundle);
});

test("a bundle from before Talos 1.3 keeps its key of etcd", () => {
  const { secretboxencryptionsecret: _, ...others } = given.secrets;
  const old = parseSecretsBundle(
    { ...given, secrets: { ...others, aescbcencryptionsecret: "an old key" } },
    "x",
  );
  const { secrets } = JSON.parse(secretsVariables(old).TF_VAR_talos_secrets ?? "");
  expect(secrets).toMatchObject({ aescbc_encryption_secret: "an old key", secretbox_encryption_secret: "" });
  expect(secretsIn(secretsVariables(old))).toEqual(old);
});

test("the hash changes with each part, and not with the order of the keys", () => {
  const { certs, secrets, ...others } = bundle;
  const hashes = [
    bundle,
    { ...bundle, certs: { ...certs, etcd: { ...certs.etcd, key: certs.k8s.key } } },
    { ...bundle, certs: { ...certs, k8s: certs.etcd } },
    { ...bundle, secrets: { ...secrets, secretboxencryptionsecret: "another" } },
    { ...bundle, secrets: { ...secrets, aescbcencryptionsecret: "one more" } },
    { ...bundle, cluster: { ...bundle.cluster, secret: "another" } },
    { ...bundle, trustdinfo: { token: "another" } },
  ].map(secretsFingerprint);
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(secretsFingerprint({ secrets, ...others, certs })).toBe(hashes[0]);
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  [
    "without the variable",
    {},
    /the secrets of Talos are missing. for a new cluster, make them: npm run secrets/,
  ],
  [
    "with what is no JSON",
    { TF_VAR_talos_secrets: "{ hunter2" },
    /^TF_VAR_talos_secrets is not JSON; unset it/,
  ],
  [
    "with another document",
    { TF_VAR_talos_secrets: '{"a":"hunter2"}' },
    /^TF_VAR_talos_secrets has no secrets of a cluster$/,
  ],
])("%s, the error says so and quotes nothing", (_, env, message) => {
  expect(() => secretsIn(env)).toThrow(message);
  expect(() => secretsIn(env)).not.toThrow(/hunter2/);
});

test("a part that is missing is named", () => {
  const { etcd: _, ...certs } = given.certs;
  expect(() => parseSecretsBundle({ ...given, certs }, "a file")).toThrow(
    "a file has no secrets of a cluster: certs.etcd is missing",
  );
});
