import { App, TerraformStack } from "cdktf";
import { ProxmoxProvider } from "../.gen/providers/proxmox/provider";
import { VirtualEnvironmentVm } from "../.gen/providers/proxmox/virtual-environment-vm";

/* The smallest CDKTF program with a VM, which `npm run bench` compares a synth with. */

process.noDeprecation = true;
const app = new App();
const stack = new TerraformStack(app, "bare");
new ProxmoxProvider(stack, "proxmox", { endpoint: "https://pve.example.com:8006" });
new VirtualEnvironmentVm(stack, "vm", { nodeName: "pve1", name: "vm", vmId: 100 });
app.synth();
