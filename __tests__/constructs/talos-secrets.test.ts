import { TalosCluster } from "../../constructs/talos-cluster";
import type { TalosClusterProps } from "../../constructs/talos-cluster-props";
import { TalosProvider } from "../../constructs/talos-provider";
import { schemaProblems } from "../support/pinned-schema";
import { stackOf, synth, type Template } from "../support/synth";
import { talosCluster, talosControlPlane, talosWorker } from "../support/talos-nodes";

/* Where the secrets of a cluster are. What OpenTofu makes of it is in e2e/talos-secrets.e2e.test.ts. */

type WithEphemerals = Template & {
  readonly ephemeral?: Record<string, Record<string, Record<string, unknown>>>;
};

const NODES = [talosControlPlane(1), talosWorker(1)];
const templateOf = (props: Partial<TalosClusterProps>): WithEphemerals =>
  synth((stack) => {
    new TalosProvider(stack, "talos");
    new TalosCluster(stack, "cluster", talosCluster(NODES, props));
  });

const guard = (props: Partial<TalosClusterProps> = {}) =>
  templateOf({ secrets: "out-of-state", ...props }).resource.terraform_data?.cluster_secrets;

test("out of the state: synthesizes what it did before", () => {
  const { ephemeral, resource, variable, data, output, moved } = templateOf({ secrets: "out-of-state" });
  expect({ ephemeral, resource, variable, data, output, moved }).toMatchSnapshot();
});

test("out of the state: is valid under the pinned provider schemas", () => {
  expect(schemaProblems(templateOf({ secrets: "out-of-state" }))).toEqual([]);
});

test("out of the state: no resource and no output has a secret, and every config waits for the check of the secrets", () => {
  const { resource, data, output, variable } = templateOf({ secrets: "out-of-state" });
  expect(Object.keys(resource).sort()).toEqual([
    "talos_machine_bootstrap",
    "talos_machine_configuration_apply",
    "terraform_data",
  ]);
  expect([data, output]).toEqual([undefined, undefined]);
  expect(variable.talos_secrets).toMatchObject({ ephemeral: true, sensitive: true });
  for (const apply of Object.values(resource.talos_machine_configuration_apply ?? {})) {
    expect(apply.depends_on).toContain("terraform_data.cluster_secrets");
    expect(apply).not.toHaveProperty("client_configuration");
    expect(apply).not.toHaveProperty("machine_configuration_input");
  }
  expect(resource.talos_machine_bootstrap?.cluster).not.toHaveProperty("client_configuration");
});

test("out of the state: the secrets stay the same, unless other ones are allowed", () => {
  expect(guard()?.lifecycle).toMatchObject({
    prevent_destroy: true,
    ignore_changes: ["input"],
    postcondition: [{ condition: "${self.input == var.talos_secrets_sha256}" }],
  });
  const allowed = guard({ allowNewSecrets: true })?.lifecycle;
  expect(allowed).toMatchObject({ prevent_destroy: false, precondition: [expect.anything()] });
  expect(allowed).not.toHaveProperty("ignore_changes");
  expect(allowed).not.toHaveProperty("postcondition");
});

test("one place cannot take over what the other has made", () => {
  const inState = "talos_machine_secrets.cluster";
  const outOfState = "terraform_data.cluster_secrets";
  expect(templateOf({}).moved).toEqual([{ from: outOfState, to: inState }]);
  expect(templateOf({ secrets: "out-of-state" }).moved).toEqual([{ from: inState, to: outOfState }]);
});

test("out of the state: a cluster that is adopted has a config of every node, for a comparison", () => {
  const template = templateOf({ secrets: "out-of-state", adopted: { configuredNodes: ["worker-1"] } });
  expect(template.import).toEqual([{ to: "talos_machine_bootstrap.cluster", id: "machine_bootstrap" }]);
  expect(Object.keys(template.resource.talos_machine_configuration_apply ?? {})).toEqual(["worker-1"]);
  const { "cp-1": compared, "worker-1": applied } = template.ephemeral?.talos_machine_configuration ?? {};
  expect(compared?.config_patches).toEqual(expect.arrayContaining([expect.stringContaining("cp-1")]));
  expect(applied).not.toHaveProperty("config_patches");
});

test("out of the state: the cluster has no credentials, and its check as default child", () => {
  let cluster: TalosCluster | undefined;
  stackOf((stack) => {
    new TalosProvider(stack, "talos");
    cluster = new TalosCluster(stack, "cluster", talosCluster(NODES, { secrets: "out-of-state" }));
  });
  expect(cluster).toMatchObject({ talosconfig: undefined, kubeconfig: undefined, secrets: undefined });
  expect(cluster?.node.defaultChild).toMatchObject({ friendlyUniqueId: "cluster_secrets" });
});

test("two clusters of one stack cannot both have their secrets out of the state", () => {
  const two = () =>
    stackOf((stack) => {
      new TalosProvider(stack, "talos");
      for (const id of ["one", "two"])
        new TalosCluster(stack, id, talosCluster(NODES, { secrets: "out-of-state" }));
    });
  expect(two).toThrow(
    /Talos cluster "two": the stack has another cluster whose secrets are out of the state/,
  );
});

test("another place is refused", () => {
  expect(() => templateOf({ secrets: "nowhere" as never })).toThrow(/secrets "nowhere" is not/);
});
