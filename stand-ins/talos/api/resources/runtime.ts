import { encode } from "../../protocol/definitions";
import { STAGE_NUMBERS } from "../../protocol/messages";
import { servicesOf } from "../status";
import type { ResourceType } from "./resource-type";

export const machineStatuses: ResourceType = {
  namespace: "runtime",
  displayType: "MachineStatus",
  columns: { Stage: "{.stage}", Ready: "{.status.ready}" },
  list: (node) => {
    const stage = node.condition === "RUNNING" ? "RUNNING" : "MAINTENANCE";
    const unmetConditions = node.isReady
      ? []
      : [{ name: "services", reason: "etcd not healthy" }].filter(() => stage === "RUNNING");
    const status = { ready: node.isReady, unmetConditions };
    const spec = encode("specs.MachineStatusSpec", { stage: STAGE_NUMBERS[stage], status });
    return [{ id: "machine", spec, yaml: { stage: stage.toLowerCase(), status } }];
  },
};

export const services: ResourceType = {
  namespace: "runtime",
  displayType: "Service",
  aliases: ["svc"],
  columns: { Running: "{.running}", Healthy: "{.healthy}", "Health Unknown": "{.unknown}" },
  list: (node, machines) =>
    servicesOf(machines, node).map(({ id, state, healthy }) => {
      const running = state === "Running";
      const yaml = { running, healthy, unknown: !running };
      return { id, spec: encode("specs.ServiceSpec", yaml), yaml };
    }),
};

export const versions: ResourceType = {
  namespace: "runtime",
  displayType: "Version",
  columns: { Name: "{.name}", Version: "{.version}" },
  list: ({ version }) => {
    const yaml = { name: "Talos", version };
    return [{ id: "version", spec: encode("specs.VersionSpec", yaml), yaml }];
  },
};

/** What every image of the Image Factory has beside its extensions: a virtual one whose version is the schematic's ID. */
const SCHEMATIC = {
  name: "schematic",
  author: "Image Factory",
  description: "Virtual extension which specifies the schematic of the image built with Image Factory.",
  compatibility: { talos: { version: ">= v1.0.0" } },
};

export const extensionStatuses: ResourceType = {
  namespace: "runtime",
  displayType: "ExtensionStatus",
  aliases: ["extensions"],
  columns: { Name: "{.metadata.name}", Version: "{.metadata.version}" },
  list: ({ state: { image } }, machines) => {
    if (image.schematic === undefined) return [];
    const official = machines.extensionsOf(image.schematic).map((name) => ({
      name: name.replace(/^.*\//, ""),
      version: image.version.replace(/^v/, ""),
      author: "Sidero Labs",
      description: name,
      compatibility: { talos: { version: `>= ${image.version}` } },
    }));
    return [...official, { ...SCHEMATIC, version: image.schematic }].map((metadata, index) => {
      const yaml = { image: `${index}.sqsh`, metadata };
      return { id: String(index), spec: encode("specs.ExtensionStatusSpec", yaml), yaml };
    });
  },
};

/** No node has found anything that is wrong with it. */
export const diagnostics: ResourceType = {
  namespace: "runtime",
  displayType: "Diagnostic",
  columns: { Message: "{.message}" },
  list: () => [],
};
