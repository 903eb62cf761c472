import { configsOnly } from "../../../talos/diff/configs-only";

const terraform = { backend: {} };

test("a program with its secrets in the state loses its outputs only", () => {
  const data = { talos_machine_configuration: { "cp-1": { config_patches: ["a"] } } };
  const program = { terraform, data, resource: { talos_machine_secrets: { cluster: {} } } };
  expect(configsOnly({ ...program, output: { kubeconfig: {} } })).toEqual(program);
});

test("configs that are ephemeral become data, with the patches of their apply", () => {
  const vm = { proxmox_virtual_environment_vm: { "cp-1": {} } };
  const renamed = { from: "proxmox_virtual_environment_vm.old", to: "proxmox_virtual_environment_vm.cp-1" };
  const program = configsOnly({
    terraform,
    variable: { state_passphrase: {}, talos_secrets: { ephemeral: true, sensitive: true } },
    ephemeral: {
      talos_client_configuration: { cluster: {} },
      talos_machine_configuration: {
        "cp-1": { machine_type: "controlplane" },
        "cp-2": { machine_type: "controlplane", config_patches: ["of an adopted node"] },
      },
    },
    data: { proxmox_virtual_environment_vms: { all: {} } },
    resource: {
      ...vm,
      talos_machine_bootstrap: { cluster: {} },
      talos_machine_configuration_apply: { "cp-1": { config_patches: ["applied"] } },
    },
    import: [{ to: "talos_machine_bootstrap.cluster", id: "machine_bootstrap" }],
    moved: [
      renamed,
      { from: "talos_machine_configuration_apply.old", to: "talos_machine_configuration_apply.cp-1" },
    ],
    output: { talos_version: {} },
  });
  expect(program).toEqual({
    terraform,
    variable: { state_passphrase: {}, talos_secrets: { sensitive: true } },
    data: {
      proxmox_virtual_environment_vms: { all: {} },
      talos_machine_configuration: {
        "cp-1": { machine_type: "controlplane", config_patches: ["applied"] },
        "cp-2": { machine_type: "controlplane", config_patches: ["of an adopted node"] },
      },
    },
    resource: vm,
    moved: [renamed],
  });
});
