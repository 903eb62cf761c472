import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { MachineConfig } from "../config/machine-config";
import type { Machines } from "../machines";
import type { TalosImage } from "../model";
import type { ResetRequest } from "../protocol/messages";
import type { Node } from "./node";
import { type Phase, runSequence } from "./sequence";

/** A node answers a call before it acts on it. */
const SETTLE_MS = 50;
/** A client that waits for a reboot asks again a second after its connection broke. It would miss a shorter one. */
const REBOOT_MS = 2_500;

/** Writes the first configuration to the disk. Where Talos is not on the disk yet, installs it and reboots. */
export async function install(machines: Machines, node: Node, { text, main }: MachineConfig): Promise<void> {
  const { state } = node;
  state.persistedConfig = text;
  if (!state.installed) {
    start(machines, node, "install", randomUUID(), [
      {
        phase: "install",
        task: "install",
        work: () => {
          const reference = main?.machine?.install?.image ?? "";
          const image = machines.installer(reference);
          if (reference && !image)
            throw new Error(`failed to pull image "${reference}": ${reference}: not found`);
          state.installed = true;
          state.nextImage = image ?? state.image;
        },
      },
      ...stopEverything(machines, node),
      // No client waits for the end of an installation by its events.
      reboot(machines, node, 0),
    ]);
    return;
  }
  // A node that runs from its disk continues without a reboot.
  state.config = text;
  node.announce();
  await machines.applyChanges();
}

/** @returns the actor ID of the sequence, which its events carry */
export function startReboot(machines: Machines, node: Node): string {
  return start(machines, node, "reboot", randomUUID(), [
    { phase: "cleanup", task: "stopAllPods" },
    ...stopEverything(machines, node),
    reboot(machines, node),
  ]);
}

/** @returns the actor's id */
export function startShutdown(machines: Machines, node: Node): string {
  return start(machines, node, "shutdown", randomUUID(), [
    { phase: "drain", task: "cordonAndDrainNode" },
    { phase: "cleanup", task: "stopAllPods" },
    ...stopEverything(machines, node),
    powerOff(machines, node),
  ]);
}

/** @returns the actor's id */
export function startUpgrade(machines: Machines, node: Node, image: TalosImage): string {
  return start(machines, node, "upgrade", randomUUID(), [
    { phase: "drain", task: "cordonAndDrainNode" },
    { phase: "cleanup", task: "stopAllPods" },
    {
      phase: "upgrade",
      task: "upgrade",
      work: () => {
        node.writeImage(image);
      },
    },
    ...stopEverything(machines, node),
    reboot(machines, node),
  ]);
}

/** @returns the actor's id */
export function startReset(machines: Machines, node: Node, request: ResetRequest): string {
  const { graceful } = request;
  const leave: Phase = { phase: "leave", task: "leaveEtcd", work: () => machines.etcd.leave(node) };
  return start(machines, node, "reset", randomUUID(), [
    ...(graceful ? [{ phase: "drain", task: "cordonAndDrainNode" }] : []),
    { phase: "cleanup", task: graceful ? "removeAllPods" : "stopAllPods" },
    ...(graceful && node.isControlPlane ? [leave] : []),
    ...stopEverything(machines, node),
    { phase: "resetSpec", task: "resetSystemDiskSpec", work: () => wipe(node, request) },
    request.reboot ? reboot(machines, node) : powerOff(machines, node),
  ]);
}

function wipe(
  node: Node,
  { mode, systemPartitionsToWipe }: Pick<ResetRequest, "mode" | "systemPartitionsToWipe">,
): void {
  if (mode === "USER_DISKS") return;
  const { state } = node;
  const named = systemPartitionsToWipe.filter((partition) => partition.wipe).map(({ label }) => label);
  const everything = systemPartitionsToWipe.length === 0;
  if (everything || named.includes("STATE")) {
    state.config = undefined;
    state.persistedConfig = undefined;
  }
  if (everything || named.includes("EPHEMERAL")) {
    state.etcdMember = undefined;
    node.images.clear();
    node.snapshot = undefined;
  }
  if (everything) {
    state.installed = false;
    state.nextImage = undefined;
    state.previousImage = undefined;
    state.upgraded = undefined;
  }
}

/** Gives a node that is off other disks, as those of a VM that is made anew. */
export function loseDisks({ state: { medium } }: Machines, node: Node): void {
  wipe(node, { mode: "ALL", systemPartitionsToWipe: [] });
  node.state.etcdLeft = undefined;
  node.state.installed = node.platform === "nocloud";
  node.state.image = medium;
}

const stopEverything = (machines: Machines, node: Node): readonly Phase[] => [
  { phase: "stopServices", task: "stopServicesForUpgrade" },
  {
    phase: "stopEverything",
    task: "stopAllServices",
    work: async () => {
      node.goDown();
      await machines.applyChanges();
    },
  },
];

const reboot = (machines: Machines, node: Node, minimumMs = REBOOT_MS): Phase => ({
  phase: "reboot",
  task: "reboot",
  work: () => machines.boot(node, minimumMs),
});

const powerOff = (machines: Machines, node: Node): Phase => ({
  phase: "shutdown",
  task: "shutdown",
  work: () => {
    node.state.poweredOn = false;
    machines.save();
    for (const listener of machines.powerOffListeners) listener(node.name);
  },
});

function start(
  machines: Machines,
  node: Node,
  sequence: string,
  actorId: string,
  phases: readonly Phase[],
): string {
  machines.runInBackground(async () => {
    await sleep(SETTLE_MS);
    await runSequence(node, sequence, actorId, phases);
    await machines.applyChanges();
  });
  return actorId;
}
