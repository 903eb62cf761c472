import type { Node } from "../node/node";
import { encode } from "../protocol/definitions";
import { STAGE_NUMBERS } from "../protocol/messages";
import { DISK_BYTES } from "./status";

/** A resource in the two forms of its content: for programs, and to be shown. */
interface Content {
  readonly id: string;
  readonly spec: Buffer;
  readonly yaml: object | string;
}

/** A resource type that this stand-in serves. */
export interface ResourceType {
  readonly namespace: string;
  /** `Disk` */
  readonly displayType: string;
  readonly aliases: readonly string[];
  /** The columns of a list: their names, with where the values are. */
  readonly columns: Readonly<Record<string, string>>;
  /** For `os:admin` only. */
  readonly sensitive?: boolean;
  readonly list: (node: Node) => readonly Content[];
}

/** The disk without its other partitions. */
const EPHEMERAL_BYTES = DISK_BYTES - 4 * 1024 ** 3;
const VOLUME_READY = 6;

const machineConfigs: ResourceType = {
  namespace: "config",
  displayType: "MachineConfig",
  aliases: ["machineconfig", "mc", "mcs"],
  columns: {},
  sensitive: true,
  list: ({ state }) =>
    [
      { id: "v1alpha1", text: state.config },
      { id: "persistent", text: state.persistedConfig },
    ].flatMap(({ id, text }) =>
      text === undefined
        ? []
        : [
            {
              id,
              spec: encode("specs.MachineConfigSpec", { yamlMarshalled: Buffer.from(text) }),
              yaml: text,
            },
          ],
    ),
};

const machineStatuses: ResourceType = {
  namespace: "runtime",
  displayType: "MachineStatus",
  aliases: ["machinestatus", "ms"],
  columns: { Stage: "{.stage}", Ready: "{.status.ready}" },
  list: (node) => {
    const stage = node.condition === "RUNNING" ? "RUNNING" : "MAINTENANCE";
    const status = { ready: node.isReady };
    const spec = encode("specs.MachineStatusSpec", { stage: STAGE_NUMBERS[stage], status });
    return [{ id: "machine", spec, yaml: { stage: stage.toLowerCase(), status } }];
  },
};

const volumeStatuses: ResourceType = {
  namespace: "runtime",
  displayType: "VolumeStatus",
  aliases: ["volumestatus", "vs"],
  columns: { Type: "{.type}", Phase: "{.phase}", Location: "{.location}", Size: "{.prettySize}" },
  list: ({ state }) =>
    state.installed
      ? [
          { id: "EPHEMERAL", location: "/dev/sda4", size: EPHEMERAL_BYTES },
          { id: "STATE", location: "/dev/sda3", size: 100 * 1024 ** 2 },
        ].map(({ id, ...volume }) => ({
          id,
          spec: encode("specs.VolumeStatusSpec", { phase: VOLUME_READY, ...volume }),
          yaml: { phase: "ready", type: "partition", ...volume, prettySize: prettySize(volume.size) },
        }))
      : [],
};

const disks: ResourceType = {
  namespace: "runtime",
  displayType: "Disk",
  aliases: ["disk"],
  columns: {
    Size: "{.pretty_size}",
    "Read Only": "{.readonly}",
    Transport: "{.transport}",
    Rotational: "{.rotational}",
    WWID: "{.wwid}",
    Model: "{.model}",
    Serial: "{.serial}",
  },
  list: () => {
    const model = "QEMU HARDDISK";
    const yaml = {
      dev_path: "/dev/sda",
      size: DISK_BYTES,
      pretty_size: prettySize(DISK_BYTES),
      model,
      readonly: false,
    };
    const spec = { devPath: "/dev/sda", size: String(DISK_BYTES), prettySize: prettySize(DISK_BYTES), model };
    return [{ id: "sda", spec: encode("specs.DiskSpec", spec), yaml }];
  },
};

const nodenames: ResourceType = {
  namespace: "k8s",
  displayType: "Nodename",
  aliases: ["nodename"],
  columns: { Nodename: "{.nodename}" },
  list: (node) => {
    if (node.condition !== "RUNNING") return [];
    const nodename = node.hostname;
    return [{ id: "nodename", spec: encode("specs.NodenameSpec", { nodename }), yaml: { nodename } }];
  },
};

const diagnostics: ResourceType = {
  namespace: "runtime",
  displayType: "Diagnostic",
  aliases: ["diagnostic"],
  columns: { Message: "{.message}" },
  list: () => [],
};

/** The list of all types, which talosctl reads first to learn what a name on its command line means. */
const resourceDefinitions: ResourceType = {
  namespace: "meta",
  displayType: "ResourceDefinition",
  aliases: ["resourcedefinition", "rd", "rds", "api-resources"],
  columns: { Aliases: "{.aliases[:]}" },
  list: () =>
    Object.entries(RESOURCE_TYPES).map(([type, { namespace, displayType, aliases, columns, sensitive }]) => {
      const [name = "", ...suffix] = type.toLowerCase().split(".");
      const allAliases = [
        name,
        ...suffix.slice(0, -1).map((_, index) => `${name}.${suffix.slice(0, index + 1).join(".")}`),
        ...aliases,
      ];
      const printColumns = Object.entries(columns).map(([column, jsonPath]) => ({ name: column, jsonPath }));
      const common = { displayType, defaultNamespace: namespace, aliases, allAliases, printColumns };
      const spec = { resourceType: type, ...common, sensitivity: sensitive ? "SENSITIVE" : "NON_SENSITIVE" };
      return {
        id: type.toLowerCase(),
        spec: encode("specs.ResourceDefinitionSpec", spec),
        yaml: { type, ...common, sensitivity: sensitive ? "sensitive" : "" },
      };
    }),
};

/** By their full names. */
export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  "MachineConfigs.config.talos.dev": machineConfigs,
  "MachineStatuses.runtime.talos.dev": machineStatuses,
  "VolumeStatuses.block.talos.dev": volumeStatuses,
  "Disks.block.talos.dev": disks,
  "Nodenames.kubernetes.talos.dev": nodenames,
  "Diagnostics.runtime.talos.dev": diagnostics,
  "ResourceDefinitions.meta.cosi.dev": resourceDefinitions,
};

/** `69 GB`, as Talos writes it. */
const prettySize = (bytes: number): string => {
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 4);
  const value = bytes / 1000 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
};
