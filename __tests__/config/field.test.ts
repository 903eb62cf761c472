import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LoadedCluster, loadCluster, parseCluster } from "../../config";
import { ClusterStack } from "../../stacks/cluster-stack";
import { newApp } from "../support/synth";
import { edit, parse, problemsIn, replace } from "./support/cluster";

/** What people have in public, made small: the files in `field/`, and what the program says of each. */
interface Verdict {
  readonly warnings?: readonly string[];
  readonly notes?: readonly string[];
  /** What must hold for the configuration. */
  readonly config?: object;
}

const FOLDER = join(__dirname, "field");

function load(name: string): LoadedCluster {
  const clusterFile = join(FOLDER, name);
  const nodesFile = join(clusterFile, "../nodes.yaml");
  return loadCluster({ clusterFile, nodesFile: existsSync(nodesFile) ? nodesFile : undefined });
}

/** Lines without the folder of the files. */
const short = (lines: readonly string[]) => lines.map((line) => line.replaceAll(/\S*\/field\/[^/]+\//g, ""));

const INSECURE =
  "proxmox_insecure true accepts any certificate, so whoever is between here and Proxmox can take the API token; leave it out, and add Proxmox' CA to SSL_CERT_FILE (docs/configuration.md, A self-signed Proxmox)";

const ACCEPTED: readonly [file: string, verdict: Verdict][] = [
  [
    "adopt-default-startup/cluster.yaml",
    {
      config: {
        nodes: [1, 2].map(() =>
          expect.objectContaining({
            startup: undefined,
            onlyForNew: expect.arrayContaining(["cores", "memoryMiB", "agent", "tags", "protection"]),
            disk: expect.objectContaining({ onlyForNew: expect.not.arrayContaining(["storage"]) }),
          }),
        ),
      },
    },
  ],
  [
    "encrypt-without-tpm/cluster.yaml",
    {
      warnings: [
        "cluster.yaml:1: nodes[].encrypt_disk configures nothing without the key talos: the program makes the VMs, and Talos is yours. to have it configured too, in a new cluster, add talos: { kubernetes_version: v1.36.0 } (docs/talos.md)",
      ],
      config: {
        nodes: [expect.objectContaining({ tpm: true, onlyForNew: expect.arrayContaining(["tpm"]) })],
      },
    },
  ],
  ["uppercase-proxmox-node/cluster.yaml", { config: { nodes: [{ host: "Alpha" }] } }],
  [
    "pair-four-hosts-ceph/cluster.yaml",
    {
      warnings: [
        "cluster.yaml:5: not used by this program, ignored: cluster_dns_gateway_addr, cluster_gateway_addr, repository_name, cloudflare_domain, cloudflare_gateway_addr",
        `cluster.yaml:12: ${INSECURE}`,
      ],
      config: { nodes: expect.arrayContaining([expect.objectContaining({ host: "Charlie" })]) },
    },
  ],
  [
    "vlan-mode/cluster.yaml",
    { config: { nodes: [{ networkInterfaces: [expect.objectContaining({ vlan: undefined })] }] } },
  ],
  [
    "nic-firewall/cluster.yaml",
    {
      config: {
        nodes: [{ networkInterfaces: [{ firewall: undefined }, { bridge: "vmbr1", firewall: true }] }],
      },
    },
  ],
  ["usb/cluster.yaml", { config: { nodes: [{ usbDevices: [{ mapping: "zigbee", usb3: false }] }] } }],
  [
    "talos-beta/cluster.yaml",
    {
      warnings: [
        "cluster.yaml:5: talos_version v1.14.0-beta.1 is a pre-release, for tests; use a release such as v1.14.0 once it is out",
      ],
      config: { talosVersion: "v1.14.0-beta.1" },
    },
  ],
  [
    "even-control-planes/cluster.yaml",
    {
      warnings: [
        "cluster.yaml:5: nodes has 4 control planes: etcd survives the loss of 1, as with 3, and there is one more to lose; make it 3 or 5 when you are done",
      ],
    },
  ],
  [
    "false-alarm-keys/cluster.yaml",
    { warnings: ["cluster.yaml:1: not used by this program, ignored: proxmox, cluster_cidr"] },
  ],
  [
    "self-signed/cluster.yaml",
    { warnings: [`cluster.yaml:5: ${INSECURE}`], config: { proxmox: { insecure: true } } },
  ],
  ["ha-does-nothing/cluster.yaml", { config: { proxmox: { ha: true } } }],
  ["ha-iso-local/cluster.yaml", { config: { proxmox: { ha: true } } }],
  ["host-down/cluster.yaml", { config: { bootMode: "disk-image", proxmox: { ha: true } } }],
  ["stack-trace/cores.yaml", { config: { nodes: [{ cores: 192 }] } }],
  ["stack-trace/queues.yaml", { config: { nodes: [{ networkInterfaces: [{ queues: 0 }] }] } }],
  ["stack-trace/sockets.yaml", { config: { nodes: [{ sockets: 8 }] } }],
];

test.each(ACCEPTED)(
  "%s is accepted, by the stacks too",
  (file, { warnings = [], notes = [], config = {} }) => {
    const loaded = load(file);
    expect(loaded.config).toMatchObject(config);
    expect({ warnings: short(loaded.warnings), notes: short(loaded.notes) }).toEqual({ warnings, notes });
    new ClusterStack(newApp(), "cluster", loaded.config).toTerraform();
  },
);

test("the files of a home lab work as they are, with the Proxmox that they are for", () => {
  const read = (name: string) => readFileSync(join(FOLDER, "pair-home-lab", name));
  const added = "proxmox_api_url: https://pve.example.com:8006\nproxmox_node: pve\n";
  const { config, notes } = parseCluster({
    cluster: { file: "cluster.yaml", bytes: Buffer.concat([read("cluster.yaml"), Buffer.from(added)]) },
    nodes: { file: "nodes.yaml", bytes: read("nodes.yaml") },
  });
  expect(config.nodes).toMatchObject([{ name: "talos1", vmId: 1_007_187 }]);
  expect(notes).toEqual([
    "nodes.yaml:2: nodes without a vm_id have one that is made of their address: talos1 1007187",
  ]);
});

const REFUSED: readonly [file: string, ...problems: string[]][] = [
  [
    "disk-not-there/cluster.yaml",
    "cluster.yaml:6: nodes[0].disk /dev/vda is not the first disk, which is /dev/sda with disk_interface scsi; write that, or set disk_interface: virtio if the VM is like that",
    "cluster.yaml:7: nodes[1].disk /dev/nvme0n1 is not the first disk, which is /dev/sda with disk_interface scsi; write that",
    "cluster.yaml:8: nodes[2].disk 22140000AA01 is no device, and Talos sees no serial number of the first disk; write /dev/sda",
  ],
  [
    "pair-home-lab/cluster.yaml",
    "cluster.yaml:2: proxmox_api_url is missing; add it, for example https://pve.example.com:8006",
    "nodes.yaml:3: nodes[0].proxmox_node is missing here and for the cluster; add it in one of the two places",
  ],
  [
    "one-hides-nine/cluster.yaml",
    "cluster.yaml:1: proxmox_api_url is missing; add it, for example https://pve.example.com:8006",
    "cluster.yaml:2: cluster_pod_cidr 10.20.0.0/16 overlaps with node_cidr 10.20.0.0/22; choose one that does not overlap",
    "cluster.yaml:5: nodes[0].address 10.20.1.11 is cluster_api_addr, which moves between nodes; choose a free address",
    "cluster.yaml:5: nodes[0].proxmox_node is missing here and for the cluster; add it in one of the two places",
    "cluster.yaml:6: nodes[1].address 10.20.1.11 is cluster_api_addr, which moves between nodes; choose a free address",
    "cluster.yaml:6: nodes[1].name cp-1 is already used by nodes[0]; give each node its own name",
    'cluster.yaml:6: nodes[1].address 10.20.1.11 is already used by "cp-1"; give each node its own address',
    'cluster.yaml:6: nodes[1].vm_id 7001 is already used by "cp-1"; give each node its own id',
    "cluster.yaml:6: nodes[1].proxmox_node is missing here and for the cluster; add it in one of the two places",
  ],
];

test("a device that the kernel makes of another disk is accepted with the interface that has it", () => {
  const text = edit(
    replace("/dev/sda", "/dev/vda"),
    replace("vm_id: 101", "vm_id: 101\n    disk_interface: virtio"),
  );
  const [first, second] = parse(text).config.nodes;
  expect([first, second]).toMatchObject([
    { installDisk: "/dev/vda", diskInterface: "virtio" },
    { installDisk: "/dev/sda", diskInterface: "scsi" },
  ]);
});

test.each(REFUSED)("%s is refused, with everything that is wrong", (file, ...problems) => {
  expect(short(problemsIn(() => load(file)))).toEqual(problems);
});
