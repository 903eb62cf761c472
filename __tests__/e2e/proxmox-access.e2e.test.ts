import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import { ProxmoxAccessStack } from "../../stacks/proxmox-access-stack";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { Deployment } from "../support/deployment";
import { cluster, controlPlane, worker } from "../support/nodes";
import { newApp, synthStack } from "../support/synth";
import { TofuProject } from "../support/tofu-project";

const AGENT = { schematic: { extensions: ["siderolabs/qemu-guest-agent"] }, agent: true };
const on = (host: string) => ({
  ...AGENT,
  host,
  disk: { storage: "ceph", sizeGiB: 10 },
  startup: { order: 1 },
});

/** Uses every right that the program can need: images, disks, NICs, a pool, HA, a migration, a mapped device, a firewall. */
const everything: ClusterStackProps = cluster(
  [
    controlPlane(1, on("pve1")),
    controlPlane(2, { ...on("pve2"), usbDevices: [{ mapping: "zigbee" }] }),
    worker(1, { ...on("pve1"), tpm: true }),
  ],
  {
    proxmox: { imageStorage: "nfs", sharedStorages: ["nfs", "ceph"], ha: true },
    firewall: { cni: "flannel" },
  },
);

const accessStack = (admin: TofuProject) => {
  const stack = new ProxmoxAccessStack(newApp(), "proxmox-access", {
    ha: true,
    startupOrder: true,
    state: {
      backend: "local",
      path: admin.stateFile,
      encryption: { provider: "off", reason: "the token is read from the output" },
    },
  });
  stack.prepareStack();
  return stack;
};

test("Proxmox VE 8, which does not know all privileges, is refused before anything is written", async () => {
  const deployment = await Deployment.start({ version: "8.4.14" });
  const admin = new TofuProject(deployment.env);
  try {
    admin.write(synthStack(accessStack(admin)));
    await admin.ok("init");
    const { exitCode, said } = await admin.apply();
    expect([exitCode, said.replace(/[│╷╵] ?/g, "")]).toEqual([
      1,
      expect.stringContaining(
        "this is Proxmox VE 8.4.14, and its API lacks privileges of version 9. upgrade to 9",
      ),
    ]);
    const requests = await deployment.control.listRequests();
    expect(requests.filter(({ method }) => method !== "GET")).toEqual([]);
  } finally {
    admin.remove();
    await deployment.stop();
  }
});

test("the token that an administrator makes is enough for a cluster's whole life, and for nothing else", async () => {
  const deployment = await Deployment.start();
  const admin = new TofuProject(deployment.env);
  try {
    const stack = accessStack(admin);
    admin.write(synthStack(stack));
    await admin.ok("init");
    const { output } = await admin.ok("apply", "-auto-approve");
    expect((await admin.plan()).exitCode).toBe(0);
    const token = (await admin.ok("output", "-raw", "proxmox_ve_api_token")).output;
    expect(token).toMatch(/^cdktf@pve!talos=[0-9a-f-]{36}$/);
    expect(output).not.toContain(token.split("=")[1]);

    const api = new ApiClient(deployment.proxmox);
    await api.ok(api.post("/cluster/mapping/usb", { id: "zigbee", map: ["node=pve2,id=0451:16a8"] }));
    deployment.env.PROXMOX_VE_API_TOKEN = token;
    await deployment.deploy(everything);
    expect(await deployment.project.plannedActions()).toEqual({});
    await deployment.deploy({
      ...everything,
      talosVersion: "v1.13.1",
      nodes: everything.nodes.map((node) =>
        node.role === "worker"
          ? { ...node, host: "pve3", memoryMiB: 4096, dataDisks: [{ storage: "ceph", sizeGiB: 5 }] }
          : node,
      ),
    });
    expect(await deployment.project.plannedActions()).toEqual({});
    deployment.write({ ...everything, talosVersion: "v1.13.1", allowReplace: "all" });
    await deployment.project.ok("destroy", "-auto-approve");
    expect(await deployment.control.listGuests()).toEqual([]);

    const own = new TofuProject({ ...deployment.env });
    own.write(JSON.parse(JSON.stringify(synthStack(stack)).replaceAll(admin.stateFile, own.stateFile)));
    await own.ok("init");
    const refused = await own.apply();
    expect([refused.exitCode, refused.said]).toEqual([1, expect.stringMatching(/403/)]);
    own.remove();
  } finally {
    admin.remove();
    await deployment.stop();
  }
});
