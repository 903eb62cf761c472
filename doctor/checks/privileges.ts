import type { ClusterConfig } from "../../config";
import { DATACENTER_PRIVILEGES, PRIVILEGES } from "../../domain/proxmox-privileges";
import type { Check } from "../check";
import { fail, type Line, pass } from "../line";
import type { Permissions } from "../proxmox-readings";

/** A privilege, and a path that it must hold at. */
interface Need {
  readonly privilege: string;
  readonly path: string;
  /** Where it may hold instead: the pool of a VM. */
  readonly or?: string;
}

export const privilegesCheck: Check = {
  name: "privileges",
  about: "each privilege of the token, by name and path",
  async run({ proxmox, cluster: { config } }) {
    const held = await proxmox.permissions();
    const needs = needsOf(config);
    const missing = new Map<string, string[]>();
    for (const { privilege, path, or } of needs) {
      if (holds(held, path, privilege) || (or !== undefined && holds(held, or, privilege))) continue;
      missing.set(privilege, [...(missing.get(privilege) ?? []), path]);
    }
    const privileges = new Set(needs.map(({ privilege }) => privilege));
    const present = privileges.size - missing.size;
    const lines: Line[] = [...missing].map(([privilege, paths]) =>
      fail(
        `the token lacks ${privilege} on ${paths.join(", ")}`,
        isOfDatacenter(privilege)
          ? "deploy proxmox-access again as an administrator, or grant it on / without propagation"
          : "deploy proxmox-access again as an administrator, or grant it on / with propagation",
      ),
    );
    return present > 0
      ? [pass(`the token has ${present} of ${privileges.size} privileges`), ...lines]
      : lines;
  },
};

const isOfDatacenter = (privilege: string) =>
  Object.values(DATACENTER_PRIVILEGES).some((each) => each === privilege);

function needsOf(config: ClusterConfig): readonly Need[] {
  const { nodes, proxmox } = config;
  const hasMappings = nodes.some(({ pciDevices, usbDevices }) => pciDevices?.length || usbDevices?.length);
  const hasPools = nodes.some(({ pool }) => pool !== undefined);
  const ordinary = PRIVILEGES.filter(
    (each) => (each !== "Mapping.Use" || hasMappings) && (!each.startsWith("Pool.") || hasPools),
  );
  return [
    ...ordinary.flatMap((privilege) => placesOf(privilege, config)),
    ...(proxmox.ha ? [{ privilege: DATACENTER_PRIVILEGES.ha, path: "/" }] : []),
    ...(nodes.some(({ startup }) => startup)
      ? [{ privilege: DATACENTER_PRIVILEGES.startupOrder, path: "/" }]
      : []),
  ];
}

/** The paths at which this cluster needs a privilege. */
function placesOf(privilege: string, { nodes, proxmox }: ClusterConfig): readonly Need[] {
  const at = (paths: readonly string[]) => [...new Set(paths)].map((path) => ({ privilege, path }));
  switch (privilege.split(".")[0]) {
    case "VM":
      return nodes.map(({ vmId, pool }) => ({
        privilege,
        path: `/vms/${vmId}`,
        ...(pool !== undefined && { or: `/pool/${pool}` }),
      }));
    case "Datastore": {
      const images = [proxmox.imageStorage];
      const disks = nodes.flatMap(({ disk, dataDisks }) =>
        [disk, ...dataDisks].map(({ storage }) => storage),
      );
      const storages = IMAGES_ONLY.has(privilege) ? images : [...images, ...disks];
      return at(storages.map((storage) => `/storage/${storage}`));
    }
    case "SDN":
      return at(
        nodes.flatMap(({ networkInterfaces }) =>
          networkInterfaces.map(({ bridge }) => `/sdn/zones/localnetwork/${bridge}`),
        ),
      );
    case "Pool":
      return at(nodes.flatMap(({ pool }) => (pool === undefined ? [] : [`/pool/${pool}`])));
    case "Mapping":
      return at(
        nodes.flatMap(({ pciDevices = [], usbDevices = [] }) => [
          ...pciDevices.map(({ mapping }) => `/mapping/pci/${mapping}`),
          ...usbDevices.map(({ mapping }) => `/mapping/usb/${mapping}`),
        ]),
      );
    default:
      return at(nodes.map(({ host }) => `/nodes/${host}`));
  }
}

/** What an image is downloaded and removed with. */
const IMAGES_ONLY: ReadonlySet<string> = new Set(["Datastore.Allocate", "Datastore.AllocateTemplate"]);

/** Proxmox lists the paths that have an entry; below them, what is propagated holds. */
function holds(held: Permissions, path: string, privilege: string): boolean {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf("/")) || "/") {
    const here = held[at];
    if (here !== undefined) return at === path ? privilege in here : here[privilege] === 1;
    if (at === "/") return false;
  }
}
