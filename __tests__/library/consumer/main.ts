// The program of somebody who uses the package in a stack of their own.
import { App, TerraformStack } from "cdktf";
import {
  ClusterStack,
  type ClusterStackProps,
  loadCluster,
  ProxmoxProvider,
  R2Backend,
  StateEncryption,
  TalosImage,
  TalosVm,
} from "cdktf-proxmox-talos";

const cluster: ClusterStackProps = {
  talosVersion: "v1.13.0",
  proxmox: { endpoint: "https://pve.example.internal:8006", imageStorage: "local" },
  network: { nodeCidr: "10.20.0.0/22", gateway: "10.20.0.1" },
  nodes: [1, 2, 3].map((n) => ({
    name: `cp-${n}`,
    role: "controlplane",
    host: `pve${n}`,
    vmId: 7000 + n,
    address: `10.20.1.${n}`,
    disk: { storage: "local-lvm", sizeGiB: 64 },
    networkInterfaces: [{ vlan: 7 }],
  })),
};

class OwnStack extends TerraformStack {
  constructor(app: App) {
    super(app, "own");
    new R2Backend(this, { bucket: "tfstate", key: "own/terraform.tfstate" });
    new StateEncryption(this, "encryption");
    new ProxmoxProvider(this, "proxmox");
    const image = new TalosImage(this, "image", { host: "pve1", storage: "local", talosVersion: "v1.13.0" });
    new TalosVm(this, "edge", {
      vmId: 900,
      host: "pve1",
      image,
      disks: [{ storage: "local-lvm", sizeGiB: 20 }],
      networkInterfaces: [{}],
    });
  }
}

// cdktn asks the App whether the OpenTofu it targets knows the lock file; cdktf ignores the property.
const app = new App({ outdir: process.env.OUT, targetVersions: { opentofu: ">=1.10.0" } } as object);
new ClusterStack(app, "cluster", cluster);
new OwnStack(app);
new ClusterStack(app, "file", loadCluster({ clusterFile: "cluster.yaml", nodesFile: "nodes.yaml" }).config);
app.synth();
