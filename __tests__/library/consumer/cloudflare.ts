import { App } from "cdktf";
import { BootstrapStack, packagedWorker } from "cdktf-proxmox-talos/cloudflare";

const app = new App({ outdir: process.env.OUT });
new BootstrapStack(app, "bootstrap", {
  accountId: "0123456789abcdef0123456789abcdef",
  worker: { module: packagedWorker(), workersDevSubdomain: "team" },
});
app.synth();
