import type { ClusterConfig } from "../../config";
import type { Check } from "../check";
import { fail, type Line, pass, warn } from "../line";
import { isOurs } from "../our-vm";
import { perHost } from "../per-host";
import type { Guest, HostStorage } from "../proxmox-readings";

const GIB = 1024 ** 3;
/** An unpacked disk image of Talos, with room for the next one. */
const IMAGE_GIB = 4;
/** These reserve the whole size of a disk at once; on the others, a disk grows with its content. */
const THICK: ReadonlySet<string> = new Set(["lvm", "iscsi", "iscsidirect"]);

/** What a storage must take, and how much room that needs. */
interface Demand {
  readonly host: string;
  readonly storage: string;
  readonly content: ReadonlySet<string>;
  readonly sizeGiB: number;
}

export const storagesCheck: Check = {
  name: "storages",
  about: "storages: there, active, their content types, free space for what is not made yet",
  async run({ proxmox, cluster: { config } }) {
    const demands = demandsOf(config, await proxmox.guests());
    return perHost(
      demands.map(({ host }) => host),
      async (host) => {
        const there = await proxmox.storages(host);
        return demands.filter((each) => each.host === host).flatMap((demand) => linesOf(demand, there));
      },
    );
  },
};

function linesOf({ host, storage, content, sizeGiB }: Demand, there: readonly HostStorage[]): Line[] {
  const found = there.find((each) => each.storage === storage);
  const name = `storage ${storage} on ${host}`;
  if (!found) {
    const names = there.map((each) => each.storage).join(", ") || "none";
    return [
      fail(
        `${name} is not there, or the token may not see it; there: ${names}`,
        "correct its name, or grant Datastore.Audit",
      ),
    ];
  }
  if (!found.active) return [fail(`${name} is not active`, `enable or mount it: pvesm status on ${host}`)];
  const missing = [...content].filter((type) => !found.content.split(",").includes(type));
  const lines = missing.map((type) =>
    fail(
      `${name} does not take content of type ${type}, only ${found.content}`,
      `allow it under Datacenter > Storage > ${storage} > Content, or name another storage`,
    ),
  );
  const freeGiB = (found.avail ?? 0) / GIB;
  const room = `${name} has ${freeGiB.toFixed(0)} GiB free, and ${sizeGiB} GiB are to be made there`;
  if (sizeGiB <= freeGiB) return lines.length > 0 ? lines : [pass(room)];
  const fix = "free space, make disks smaller, or name another storage";
  const holdsImages = content.has("iso") || content.has("import");
  return [
    ...lines,
    // An image is written whole, wherever it is.
    THICK.has(found.type) || (holdsImages && freeGiB < IMAGE_GIB)
      ? fail(room, fix)
      : warn(`${room}; they fit at first, since they grow with their content`, fix),
  ];
}

/** By host and storage. A storage that all hosts share has the demand of all of them. */
function demandsOf(config: ClusterConfig, guests: readonly Guest[]): readonly Demand[] {
  const { nodes, proxmox, bootMode, adopt } = config;
  const shared = (storage: string) => proxmox.sharedStorages.includes(storage);
  const imageType = bootMode === "iso" ? "iso" : "import";
  const wanted = nodes.flatMap((node) => {
    const isThere = guests.some((guest) => isOurs(guest, node, adopt));
    const disks = [node.disk, ...node.dataDisks].map(({ storage, sizeGiB }) => ({
      host: node.host,
      storage,
      type: "images",
      sizeGiB: isThere ? 0 : sizeGiB,
    }));
    return [{ host: node.host, storage: proxmox.imageStorage, type: imageType, sizeGiB: 0 }, ...disks];
  });
  const demands = new Map<string, Demand>();
  for (const { host, storage } of wanted) {
    const onThis = wanted.filter(
      (each) => each.storage === storage && (shared(storage) || each.host === host),
    );
    const content = new Set(onThis.filter((each) => each.host === host).map((each) => each.type));
    const disksGiB = onThis.reduce((sum, each) => sum + each.sizeGiB, 0);
    const sizeGiB = disksGiB + (content.has(imageType) ? IMAGE_GIB : 0);
    demands.set(`${host}/${storage}`, { host, storage, content, sizeGiB });
  }
  return [...demands.values()];
}
