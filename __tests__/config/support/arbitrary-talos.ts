import fc from "fast-check";

const labels = fc.dictionary(
  fc.constantFrom("zone", "example.com/tier", "gpu"),
  fc.constantFrom("", "a", "A.b_c-1"),
);
const taints = fc.uniqueArray(
  fc.constantFrom("gpu:NoSchedule", "dedicated=a:NoExecute", "x/y=:PreferNoSchedule"),
);
const role = fc.record({ labels, taints }, { requiredKeys: [] });
const routes = fc.array(
  fc.record(
    {
      gateway: fc.constantFrom("10.250.0.1", "fd00:9::1"),
      metric: fc.integer({ min: 0, max: 4096 }),
    },
    { requiredKeys: ["gateway"] },
  ),
  { maxLength: 2 },
);

const connection = fc.constantFrom<object>(
  {},
  { cni: "none", kube_proxy: false },
  { cni: "cilium", cilium: { version: "1.18.2", values: { note: "${x} %{ if } \u2028 'quoted' \"text\"" } } },
  { cni: "cilium", kube_proxy: false, cilium: { version: "1.18.2", cli_image: "ghcr.io/a/cli:v1" } },
);

/** `talos` of a cluster, for the versions of Talos that the arbitrary cluster has. */
export const talosOfCluster: fc.Arbitrary<object> = fc
  .tuple(
    fc.record(
      {
        kubernetes_version: fc.constantFrom("v1.35.0", "1.31.4"),
        config_contract: fc.constantFrom("v1.11", "v1.12"),
        endpoint: fc.constantFrom("https://k8s.example.com:6443", "https://[fd00::9]:443"),
        vip: fc.boolean(),
        cert_sans: fc.uniqueArray(fc.constantFrom("a.example.com", "*.b.example.com", "10.9.9.9", "fd00::9")),
        schedule_on_control_planes: fc.boolean(),
        node_subnets: fc.constantFrom(["10.7.0.0/16"], ["10.7.0.0/16", "fd00::/64"]),
        disk_encryption_key: fc.constantFrom("auto", "node-id"),
        sysctls: fc.constantFrom({}, { "net.core.somaxconn": "65535", "vm.nr_hugepages": "16" }),
        registry_mirrors: fc.constantFrom(
          {},
          {
            "docker.io": ["https://m.example.com", "http://10.9.9.9:5000/v2"],
            "*": ["https://a.example.com"],
          },
        ),
        apply_mode: fc.constantFrom("no_reboot", "staged"),
        control_planes: role,
        workers: role,
      },
      { requiredKeys: ["kubernetes_version"] },
    ),
    connection,
  )
  .map(([settings, more]) => ({ ...settings, ...more }));

/** What a node can have only with it. */
export const talosOfNode = fc.record(
  {
    talos: fc.record(
      {
        labels,
        taints,
        routes,
        addresses: fc.uniqueArray(fc.constantFrom("fd00::11/64", "10.250.0.11/24")),
      },
      { requiredKeys: [] },
    ),
    networks: fc.array(
      fc.record(
        {
          mtu: fc.integer({ min: 576, max: 65520 }),
          addresses: fc.constantFrom(["192.168.9.1/24"], ["fd00:9::1/64", "192.168.9.1/24"]),
          routes,
        },
        { requiredKeys: [] },
      ),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);
