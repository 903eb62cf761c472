import { encode } from "../../protocol/definitions";
import type { ResourceType } from "./resource-type";

/** The active configuration, and the one on the disk, which is active after the next boot. */
export const machineConfigs: ResourceType = {
  namespace: "config",
  displayType: "MachineConfig",
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

/** The numbers of `talos.resource.definitions.enums.MachineType`. */
export const MACHINE_TYPES = { controlplane: 2, worker: 3 } as const;

export const machineTypes: ResourceType = {
  namespace: "config",
  displayType: "MachineType",
  columns: { Type: "{@}" },
  list: ({ config }) => {
    if (!config?.type) return [];
    const spec = encode("specs.MachineTypeSpec", { machineType: MACHINE_TYPES[config.type] });
    return [{ id: "machine-type", spec, yaml: config.type }];
  },
};
