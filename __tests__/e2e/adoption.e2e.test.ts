import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { parseCluster } from "../../config";
import { DISK_INTERFACES, type DiskInterface, FIRST_DEVICE } from "../../domain/disk";
import type { Guest } from "../../stand-ins/proxmox";
import { Deployment } from "../support/deployment";
import { TofuProject } from "../support/tofu-project";

const EXAMPLE = join(__dirname, "../../examples/six-nodes");
const HOME_LAB = join(__dirname, "fixtures/home-lab.tf");
const SCHEMATIC = "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515";
const PASSPHRASE = "a passphrase that nobody guesses";

/** What the template has for the first disk on either bus, and MAC addresses in either case. */
const HCL: Readonly<Record<DiskInterface, (text: string) => string>> = {
  scsi: (text) => text,
  virtio: (text) =>
    text
      .replaceAll('"scsi0"', '"virtio0"')
      .replace(/ssd +=.*/, "")
      .replace("upper(each.value.mac_addr)", "each.value.mac_addr"),
};

/** The six-node example through the reader of cluster.yaml, with more keys at the end of it. */
function exampleWith(more: object, disk_interface: DiskInterface) {
  // Adopted nodes have secrets that are not ours.
  const { talos: _, ...example } = parse(readFileSync(join(EXAMPLE, "cluster.yaml"), "utf8"));
  const proxmox_vm_advanced = { ...example.proxmox_vm_advanced, disk_interface };
  const nodes = readFileSync(join(EXAMPLE, "nodes.yaml"), "utf8");
  return parseCluster({
    cluster: {
      file: "cluster.yaml",
      bytes: Buffer.from(stringify({ ...example, proxmox_vm_advanced, ...more })),
    },
    nodes: {
      file: "nodes.yaml",
      bytes: Buffer.from(nodes.replaceAll("/dev/sda", FIRST_DEVICE[disk_interface])),
    },
    env: { STATE_BACKEND: "local" },
  }).config;
}

const ADOPT = {
  vms: "proxmox_virtual_environment_vm.talos_node",
  images: [
    {
      from: `proxmox_virtual_environment_download_file.talos_iso["${SCHEMATIC}-true"]`,
      schematic_id: SCHEMATIC,
      secureboot: true,
    },
  ],
};

test.each(DISK_INTERFACES)(
  "a cluster of the home-lab template on %s is taken over: no create, no destroy, no replace",
  async (bus) => {
    const deployment = await Deployment.start();
    const { project, control } = deployment;
    const homeLab = new TofuProject(deployment.env);
    try {
      for (const name of ["cluster.yaml", "nodes.yaml"]) {
        copyFileSync(join(EXAMPLE, name), join(homeLab.folder, name));
      }
      writeFileSync(join(homeLab.folder, "home-lab.tf"), HCL[bus](readFileSync(HOME_LAB, "utf8")));
      await homeLab.ok("init");
      await homeLab.ok("apply", "-auto-approve");
      const before = await control.listGuests();
      // The provider waits for an agent without an address.
      for (const { vmid } of before) await control.changeGuest(vmid, { agentAddresses: ["10.20.1.9/22"] });
      const volumes = await control.listVolumes();
      expect(before).toHaveLength(6);

      copyFileSync(join(homeLab.folder, "terraform.tfstate"), project.stateFile);
      expect(project.rawState()).toContain("talos_node");
      deployment.env.TF_VAR_state_passphrase = PASSPHRASE;
      const migrating = { state: { encryption: { provider: "pbkdf2", migrate: "from-plaintext" } } };
      deployment.write(exampleWith({ adopt: ADOPT, ...migrating }, bus));
      await project.ok("init");
      const planned = await project.plannedActions();
      expect(Object.values(planned).filter((actions) => actions.join() !== "update")).toEqual([]);

      await project.ok("apply", project.planFile);
      deployment.write(exampleWith({ adopt: ADOPT }, bus));
      expect((await project.plan()).exitCode).toBe(0);
      expect(project.rawState()).not.toContain("talos_node");

      const asItWas = ({ vmid, started, config }: Guest) => [
        vmid,
        started,
        config[`${bus}0`],
        config.ide2,
        config.boot,
        config.net0,
      ];
      expect((await control.listGuests()).map(asItWas)).toEqual(before.map(asItWas));
      expect(await control.listVolumes()).toEqual(volumes);
    } finally {
      homeLab.remove();
      await deployment.stop();
    }
  },
);
