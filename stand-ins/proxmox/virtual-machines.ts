import { parsePropertyString } from "./api/property-string";
import type { ClusterState, Guest } from "./model";

/** A VM, as far as it concerns what runs in it. */
export interface VirtualMachine {
  readonly vmid: number;
  readonly name: string;
  /** Another one for each VM that is made, also with the same number. */
  readonly id: string;
  /** Another one for each start. undefined while the VM or its host is off, or where it has no operating system. */
  readonly run: number | undefined;
  /** Its static addresses in the cloud-init configuration, without prefix lengths. */
  readonly addresses: readonly string[];
}

export const virtualMachines = ({ guests, hosts }: ClusterState): readonly VirtualMachine[] =>
  Object.values(guests)
    .filter(({ type }) => type === "qemu")
    .map((guest) => ({
      vmid: guest.vmid,
      name: String(guest.config.name ?? `VM ${guest.vmid}`),
      id: [guest.vmid, guest.config.vmgenid, guest.config.smbios1].join(" "),
      run: guest.installed && hosts[guest.node]?.online ? guest.pid : undefined,
      addresses: addressesOf(guest),
    }));

const addressesOf = ({ config }: Guest): readonly string[] =>
  Object.keys(config)
    .filter((name) => /^ipconfig\d+$/.test(name))
    .flatMap((name) => {
      const { ip, ip6 } = parsePropertyString(String(config[name])).options;
      return [ip, ip6].filter((each) => each?.includes("/")).map((each) => String(each).split("/")[0] ?? "");
    });
