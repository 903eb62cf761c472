import { encode } from "../../protocol/definitions";
import { disks, systemDisks, volumeStatuses } from "./block";
import { etcdMembers, hostnameStatuses, members, nodenames } from "./cluster";
import { machineConfigs, machineTypes } from "./config";
import { kubeletSpecs, manifests, staticPodTypes } from "./kubernetes";
import type { ResourceType } from "./resource-type";
import { diagnostics, extensionStatuses, machineStatuses, services, versions } from "./runtime";

/** The list of all types, which talosctl reads first to learn what a name on its command line means. */
const resourceDefinitions: ResourceType = {
  namespace: "meta",
  displayType: "ResourceDefinition",
  aliases: ["api-resources"],
  columns: { Aliases: "{.aliases[:]}" },
  list: () =>
    Object.entries(RESOURCE_TYPES).map(([type, definition]) => {
      const { namespace, displayType, columns, sensitive } = definition;
      const [name = "", ...suffix] = type.toLowerCase().split(".");
      const initials = displayType.replace(/[^A-Z]/g, "").toLowerCase();
      const aliases = [
        displayType.toLowerCase(),
        ...(definition.aliases ?? []),
        ...(initials.length > 1 ? [initials] : []),
        ...(initials.length > 1 && !initials.endsWith("s") ? [`${initials}s`] : []),
      ];
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
  "Diagnostics.runtime.talos.dev": diagnostics,
  "Disks.block.talos.dev": disks,
  "EtcdMembers.etcd.talos.dev": etcdMembers,
  "ExtensionStatuses.runtime.talos.dev": extensionStatuses,
  "HostnameStatuses.net.talos.dev": hostnameStatuses,
  "KubeletSpecs.kubernetes.talos.dev": kubeletSpecs,
  "MachineConfigs.config.talos.dev": machineConfigs,
  "MachineStatuses.runtime.talos.dev": machineStatuses,
  "MachineTypes.config.talos.dev": machineTypes,
  "Manifests.kubernetes.talos.dev": manifests,
  "Members.cluster.talos.dev": members,
  "Nodenames.kubernetes.talos.dev": nodenames,
  "ResourceDefinitions.meta.cosi.dev": resourceDefinitions,
  "Services.v1alpha1.talos.dev": services,
  "SystemDisks.block.talos.dev": systemDisks,
  "Versions.runtime.talos.dev": versions,
  "VolumeStatuses.block.talos.dev": volumeStatuses,
  ...staticPodTypes,
};
