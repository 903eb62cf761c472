// Somebody's own stack, with two clusters below it.
import { App, TerraformOutput, TerraformStack } from "cdktf";
import { ClusterStack, type ClusterStackProps, StateEncryption } from "cdktf-proxmox-talos";

const cluster = (name: string, net: number): ClusterStackProps => ({
  talosVersion: "v1.13.0",
  proxmox: { endpoint: "https://pve.example.com:8006", imageStorage: "local", imagePrefix: `talos-${name}` },
  network: { nodeCidr: `10.20.${net}.0/24`, gateway: `10.20.${net}.1` },
  nodes: [1, 2, 3].map((n) => ({
    name: `cp-${n}`,
    role: "controlplane",
    host: `pve${n}`,
    vmId: 7000 + net * 100 + n,
    address: `10.20.${net}.${10 + n}`,
    disk: { storage: "local-lvm", sizeGiB: 64 },
    networkInterfaces: [{ vlan: 7 + net }],
  })),
  state: {
    backend: "r2",
    bucket: "tfstate",
    key: `${name}/terraform.tfstate`,
    accountId: "0123456789abcdef0123456789abcdef",
  },
});

class Platform extends TerraformStack {
  constructor(app: App) {
    super(app, "platform");
    new StateEncryption(this, "encryption");
    for (const [net, name] of ["production", "staging"].entries()) {
      new ClusterStack(this, name, cluster(name, net));
      new TerraformOutput(this, `network_${name}`, { value: `10.20.${net}.0/24` });
    }
  }
}

const app = new App({ targetVersions: { opentofu: ">=1.11.0" } } as object);
new Platform(app);
app.synth();
