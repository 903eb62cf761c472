import { reviewPlan } from "../../plan";
import { planOf, resource } from "./support/plan-json";

describe("the networks of a cluster that runs", () => {
  const config = (network: object, more: object = {}) => ({
    machine_configuration_input: JSON.stringify({
      version: "v1alpha1",
      cluster: {
        network: {
          dnsDomain: "cluster.local",
          podSubnets: ["10.244.0.0/16"],
          serviceSubnets: ["10.96.0.0/12"],
          ...network,
        },
        controlPlane: { endpoint: "https://10.20.1.10:6443" },
        ...more,
      },
    }),
  });
  const patches = (...each: object[]) => ({
    machine_configuration_input: null,
    config_patches: each.map((one) => JSON.stringify(one)),
  });
  const network = (fields: object) => patches({ cluster: { network: fields } });
  const refusedOf = (before: object, after: object, actions = ["update"]) =>
    reviewPlan(
      planOf(
        ["cp-1", "w-1"].map((name) =>
          resource(`talos_machine_configuration_apply.${name}`, actions, { before, after }),
        ),
      ),
    ).refused;

  test.each([
    [
      "pod-network",
      "cluster_pod_cidr",
      config({}),
      config({ podSubnets: ["10.9.0.0/16"] }),
      "the network of the pods would change from 10.244.0.0/16 to 10.9.0.0/16 on cp-1, w-1, in a running cluster: each node keeps",
    ],
    [
      "pod-network",
      "cluster_pod_cidr",
      network({}),
      network({ podSubnets: ["10.244.0.0/16", "fd00::/56"] }),
      "from 10.244.0.0/16 to 10.244.0.0/16 and fd00::/56 on",
    ],
    [
      "service-network",
      "cluster_svc_cidr",
      config({}),
      config({ serviceSubnets: ["10.97.0.0/16"] }),
      "the network of the services would change from 10.96.0.0/12 to 10.97.0.0/16 on",
    ],
    [
      "service-network",
      "cluster_svc_cidr",
      patches({ cluster: { network: { serviceSubnets: ["10.97.0.0/16"] } } }),
      patches(
        { cluster: { network: { serviceSubnets: ["10.97.0.0/16"] } } },
        { cluster: { network: { serviceSubnets: ["10.98.0.0/16"] } } },
      ),
      "from 10.97.0.0/16 to 10.98.0.0/16 on",
    ],
    [
      "dns-domain",
      "dnsDomain",
      network({}),
      network({ dnsDomain: "home.arpa" }),
      "the DNS domain would change from cluster.local to home.arpa on",
    ],
    [
      "endpoint",
      "talos.endpoint",
      config({}),
      config({}, { controlPlane: { endpoint: "https://k8s.example.com:6443" } }),
      "from https://10.20.1.10:6443 to https://k8s.example.com:6443 on",
    ],
    [
      "endpoint",
      "talos.endpoint",
      patches({ cluster: { apiServer: { certSANs: ["10.20.1.10"] } } }),
      patches({ cluster: { apiServer: { certSANs: ["k8s.example.com", "10.20.1.10"] } } }),
      "from 10.20.1.10 to k8s.example.com on",
    ],
    [
      "pod-network",
      "podSubnets",
      patches({ apiVersion: "v1alpha1", kind: "KubeNetworkConfig", podSubnets: ["10.1.0.0/16"] }),
      patches({ apiVersion: "v1alpha1", kind: "KubeNetworkConfig", podSubnets: ["10.2.0.0/16"] }),
      "from 10.1.0.0/16 to 10.2.0.0/16 on",
    ],
  ])("%s does not change unless it is named (%s)", (allow, key, before, after, message) => {
    expect(refusedOf(before, after)).toMatchObject([
      { rule: "network", allow, message: expect.stringContaining(message) },
    ]);
    expect(refusedOf(before, after)[0]?.message).toContain(`pass --allow ${allow} `);
    expect(refusedOf(before, after)[0]?.message).toContain(key);
    // New nodes run nothing yet.
    expect(refusedOf(before, after, ["create"])).toEqual([]);
    expect(refusedOf(before, after, ["delete", "create"])).toEqual([]);
  });

  test("a default that is written down, another name in the certificates, and all else, is no change", () => {
    const written = network({
      podSubnets: ["10.244.0.0/16"],
      serviceSubnets: ["10.96.0.0/12"],
      dnsDomain: "cluster.local",
    });
    expect(refusedOf(network({}), written)).toEqual([]);
    expect(refusedOf(written, network({ cni: { name: "none" } }))).toEqual([]);
    const sans = (...names: string[]) => patches({ cluster: { apiServer: { certSANs: names } } });
    expect(refusedOf(sans("10.20.1.10"), sans("10.20.1.10", "x.example.com"))).toEqual([]);
    expect(refusedOf(config({}), sans("10.20.1.10"))).toEqual([]);
    expect(refusedOf(config({}), {})).toEqual([]);
  });
});
