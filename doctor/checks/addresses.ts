import type { ClusterConfig } from "../../config";
import type { Check } from "../check";
import { fail, NotChecked, pass } from "../line";
import { isOurs } from "../our-vm";
import type { Guest } from "../proxmox-readings";

/** An address, and the VMs of ours that may answer there. */
interface Claim {
  readonly what: string;
  readonly address: string;
  readonly isOurs: boolean;
}

/** Of a network that is for documentation (RFC 5737). */
const NOBODYS = "192.0.2.1";

export const addressesCheck: Check = {
  name: "addresses",
  about: "addresses of nodes and of the Kubernetes API: nobody answers but our own VMs",
  async run({ proxmox, probe, cluster: { config } }) {
    const claims = claimsOf(config, await proxmox.guests());
    const answers = await Promise.all(
      claims.map(async (claim) => ((await probe(claim.address)) ? claim : [])),
    );
    const answered = answers.flat();
    const foreign = answered.filter((claim) => !claim.isOurs);
    if (foreign.length === 0)
      return [
        pass(`our VMs answer at ${answered.length} of ${claims.length} addresses, nobody at the others`),
      ];
    if (await probe(NOBODYS)) {
      throw new NotChecked(
        `the network answers for every address, also for ${NOBODYS}, which no machine has`,
        "run this in the network of the nodes, without a proxy or firewall in between",
      );
    }
    return foreign.map(({ what, address }) =>
      fail(
        `${address} of ${what} answers, and no VM of ours runs that could`,
        "find out which machine has it (arp -n, DHCP leases), and give one of the two another address",
      ),
    );
  },
};

function claimsOf({ nodes, network, adopt }: ClusterConfig, guests: readonly Guest[]): readonly Claim[] {
  const runs = (node: ClusterConfig["nodes"][number]) =>
    guests.some((guest) => guest.status === "running" && isOurs(guest, node, adopt));
  return [
    ...nodes.map((node) => ({ what: node.name, address: node.address, isOurs: runs(node) })),
    {
      what: "the Kubernetes API (cluster_api_addr)",
      address: network.vip,
      isOurs: nodes.some((node) => node.role === "controlplane" && runs(node)),
    },
  ];
}
