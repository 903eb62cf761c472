import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { machineSecretsOf } from "../../domain/talos-secrets";
import { bundleText, parseSecretsBundle, secretsFingerprint } from "../../talos/secrets-bundle";
import { outputsOf, placeOf } from "../../talos/secrets-to-state";
import type { StateFile } from "../../talos/state-outputs";

/* What a state knows of the secrets, before they are taken into it. How they are is in commands.e2e.test.ts. */

const given = parse(readFileSync(join(__dirname, "../../stand-ins/talos-config/secrets.yaml"), "utf8"));
const bundle = parseSecretsBundle(given, "secrets.yaml");
const other = parseSecretsBundle(
  { ...given, certs: { ...given.certs, os: { ...given.certs.os, crt: given.certs.k8s.crt } } },
  "x",
);

const secrets = (of = bundle) =>
  ({
    type: "talos_machine_secrets",
    name: "cluster",
    attributes: { machine_secrets: machineSecretsOf(of) },
  }) as const;
const guard = (of = bundle) =>
  ({
    type: "terraform_data",
    name: "cluster_secrets",
    attributes: { input: { value: secretsFingerprint(of), type: "string" } },
  }) as const;
const bootstrap = { type: "talos_machine_bootstrap", name: "cluster", attributes: {} } as const;

const state = (
  ...resources: readonly Readonly<Record<"type" | "name" | "attributes", unknown>>[]
): StateFile =>
  ({
    resources: resources.map(({ attributes, ...each }) => ({
      mode: "managed",
      ...each,
      instances: [{ attributes }],
    })),
  }) as StateFile;

test.each([
  ["out of the state", [guard(), bootstrap], { isImported: false, hasGuard: true, isCertain: true }],
  [
    "after a run that was interrupted",
    [secrets(), guard()],
    { isImported: true, hasGuard: true, isCertain: true },
  ],
  ["taken back already", [secrets(), bootstrap], { isImported: true, hasGuard: false, isCertain: true }],
  ["forgotten on the way out", [bootstrap], { isImported: false, hasGuard: false, isCertain: false }],
] as const)("%s", (_, resources, place) => {
  expect(placeOf(state(...resources), bundle)).toEqual(place);
});

test.each([
  ["the hash of other ones", [guard(other)]],
  ["other ones", [secrets(other)]],
  ["other ones beside the hash", [secrets(other), guard()]],
])("%s in the state: refused, and nothing secret is said", (_, resources) => {
  const place = () => placeOf(state(...resources), bundle);
  expect(place).toThrow(/^talos-secrets\.sops\.yaml has not the secrets that this cluster was made with/);
  for (const line of bundleText(other)
    .split("\n")
    .filter((each) => each.length > 40)) {
    expect(place).not.toThrow(line.trim());
  }
});

test("the outputs stay as they are, and nothing in them is evaluated", () => {
  const outputs = {
    nodes: { value: ["cp-1"] },
    note: { value: { text: "${a} 100%{b} $5" }, sensitive: true },
  };
  expect(outputsOf({ outputs })).toEqual({
    output: {
      nodes: { value: ["cp-1"], sensitive: false },
      note: { value: { text: "$${a} 100%%{b} $5" }, sensitive: true },
    },
  });
});

test("no cluster: there is nothing to take back", () => {
  expect(() => placeOf({}, bundle)).toThrow(
    "the state has no cluster that was made with talos-secrets.sops.yaml, so there is nothing to take back",
  );
});
