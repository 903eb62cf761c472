import type { TalosClusterProps } from "../../constructs/talos-cluster-props";
import { talosCluster, talosControlPlane, talosWorker } from "./talos-nodes";

const DUAL_STACK = {
  podCidrs: ["10.42.0.0/16", "fd00:42::/56"],
  serviceCidrs: ["10.43.0.0/16", "fd00:43::/112"],
};

const everything: Partial<TalosClusterProps> = {
  network: {
    vip: "10.20.1.10",
    ...DUAL_STACK,
    dnsServers: ["10.20.0.1", "fd00::1"],
    ntpServers: ["162.159.200.1", "time.example.com"],
  },
  endpoint: "https://k8s.example.com:6443",
  certSans: ["lab.example.com", "10.20.0.9"],
  kubeProxy: false,
  cni: "cilium",
  cilium: { version: "1.18.2", values: { hubble: { enabled: true }, note: "${not.a.template} %{ if }" } },
  scheduleOnControlPlanes: true,
  sysctls: { "net.core.somaxconn": "65535" },
  registryMirrors: {
    "docker.io": ["https://mirror.example.com", "http://10.20.0.9:5000"],
    "*": ["https://all.example.com"],
  },
  controlPlanes: {
    labels: { "example.com/tier": "control" },
    taints: ["dedicated=control:PreferNoSchedule"],
  },
  workers: { labels: { tier: "work" }, patches: [{ machine: { sysctls: { "vm.nr_hugepages": "16" } } }] },
  patches: [
    { machine: { kubelet: { extraArgs: { "rotate-server-certificates": "true" } } } },
    { apiVersion: "v1alpha1", kind: "KmsgLogConfig", name: "remote", url: "tcp://10.20.0.9:3478/" },
  ],
};

const rich = [
  talosControlPlane(1, {
    installer: { schematicId: "a".repeat(64), secureBoot: true },
    diskEncryption: "tpm",
    installDisk: { sizeGiB: 64 },
    links: [
      {
        macAddress: "bc:24:11:20:00:11",
        vlan: 7,
        mtu: 9000,
        addresses: ["10.20.1.11/22", "fd00::11/64"],
        routes: [{ gateway: "10.20.0.1" }, { gateway: "fd00::1", metric: 512 }],
      },
      {
        macAddress: "bc:24:11:20:01:11",
        addresses: ["192.168.9.11/24"],
        routes: [{ destination: "192.168.10.0/24", gateway: "192.168.9.1" }],
      },
      { macAddress: "bc:24:11:20:02:11", mtu: 1400 },
      { macAddress: "bc:24:11:20:03:11" },
    ],
  }),
  talosWorker(1, {
    diskEncryption: "node-id",
    kernelModules: ["nvme_tcp", "zfs"],
    userVolumes: [{ name: "data", match: 'disk.symlinks.exists(link, link.endsWith("_drive-scsi1"))' }],
    labels: { zone: "a" },
    taints: ["gpu:NoSchedule"],
    patches: [{ machine: { nodeLabels: { patched: "true" } } }],
  }),
];

/** Clusters that between them use every prop. */
export const TALOS_SHAPES: Readonly<Record<string, TalosClusterProps>> = {
  minimal: talosCluster([talosControlPlane(1)]),
  "three control planes and two workers": talosCluster([
    ...[1, 2, 3].map((n) => talosControlPlane(n)),
    ...[1, 2].map((n) => talosWorker(n)),
  ]),
  everything: talosCluster(rich, everything),
  "everything, on Talos 1.12": talosCluster(rich, {
    ...everything,
    talosVersion: "v1.12.4",
    kubernetesVersion: "v1.35.0",
  }),
  "everything, with the contract of 1.13": talosCluster(rich, { ...everything, configContract: "v1.13" }),
  "everything, in the form of 1.11": talosCluster(rich, {
    ...everything,
    talosVersion: "v1.11.6",
    kubernetesVersion: "v1.34.1",
    configContract: "v1.11",
  }),
  "no CNI, behind a load balancer": talosCluster([talosControlPlane(1), talosWorker(1)], {
    network: {},
    endpoint: "https://10.20.0.9:6443",
    cni: "none",
    kubeProxy: false,
  }),
  "the address by DHCP": talosCluster(
    [talosControlPlane(1, { links: [{ macAddress: "bc:24:11:20:00:11" }] })],
    {
      nodeSubnets: ["10.20.0.0/22"],
    },
  ),
};
