import { requireNewCluster } from "../../talos/export-secrets";
import type { StateFile } from "../../talos/state-outputs";

const state = (type: string, name: string): StateFile => ({
  resources: [{ mode: "managed", type, name, instances: [{ attributes: {} }] }],
});

test.each([
  ["talos_machine_secrets", "cluster", /^the state has the secrets of this cluster already.*--from-state/],
  [
    "terraform_data",
    "cluster_secrets",
    /^this cluster was made with a talos-secrets\.sops\.yaml that is not here/,
  ],
])("a cluster that was made gets no other secrets: %s.%s", (type, name, message) => {
  expect(() => requireNewCluster(state(type, name))).toThrow(message);
});

test("what is no cluster may get them", () => {
  expect(() => requireNewCluster(state("terraform_data", "protected"))).not.toThrow();
  expect(() => requireNewCluster({})).not.toThrow();
});
