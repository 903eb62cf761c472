import type { ClusterFiles } from "../cluster-files";
import { type Diagnostic, formatLocation, locateProblem, type Problem } from "../diagnostic";
import type { SourcedCluster } from "../load-with-source";
import type { Path } from "../path";
import { keyOfInstance, mergeInstanceProblems } from "../pool-path";
import { movableStacks, stackId, stateLocation } from "../state-location";

type Cluster = ClusterFiles & SourcedCluster;

/** Something that only one cluster can have. */
interface Claim {
  readonly path: Path;
  /** The same in two claims, if both mean the same thing. */
  readonly thing: string;
  /** The value, for the message. */
  readonly written: string;
  /** What the cluster uses it for. */
  readonly use: string;
  readonly advice: string;
}

/**
 * No two clusters have the same state, or the same VM id, address or name in one Proxmox.
 *
 * @param endpoint the Proxmox of all clusters, whatever their files say
 */
export function checkTogether(clusters: readonly Cluster[], endpoint?: string): Diagnostic[] {
  const owners = new Map<string, { readonly cluster: Cluster; readonly claim: Claim }>();
  return clusters.flatMap((cluster) => {
    const problems: Problem[] = [];
    for (const claim of claimsOf(cluster, endpoint)) {
      const first = owners.get(claim.thing);
      // The states of one cluster follow from one key, which is wrong once.
      const isTold = claim.path[0] === "state" && problems.some(({ path }) => path[0] === "state");
      if (first === undefined) owners.set(claim.thing, { cluster, claim });
      else if (first.cluster !== cluster && !isTold) {
        problems.push(clash(claim, first.claim, first.cluster));
      }
    }
    return mergeInstanceProblems(problems).map((problem) => locateProblem(problem, cluster.source.locate));
  });
}

function clash({ path, written, advice }: Claim, first: Claim, { name, source }: Cluster): Problem {
  const there = formatLocation(source.locate(keyOfInstance(first.path)));
  return { path, text: `${written} is already used by ${first.use} of ${name} (${there}); ${advice}` };
}

function claimsOf(cluster: Cluster, endpoint = cluster.config.proxmox.endpoint): Claim[] {
  const proxmox = new URL(endpoint).host;
  return [...stateClaims(cluster), ...proxmoxClaims(cluster, proxmox)];
}

/** The key of the file that decides where the state is, by backend. */
const STATE_KEY = { r2: "key", worker: "url", local: "path" } as const;

function stateClaims({ config: { state }, name }: Cluster): Claim[] {
  return movableStacks.map((stack): Claim => {
    const place = stateLocation(state, stack, ".");
    const written = place.backend === "r2" ? place.key : place.backend === "local" ? place.path : place.url;
    const thing = place.backend === "worker" ? { url: new URL(place.url).href.replace(/\/$/, "") } : place;
    return {
      path: ["state", STATE_KEY[place.backend]],
      thing: JSON.stringify(thing),
      written: state[STATE_KEY[place.backend]] === written ? written : `makes ${written}, which`,
      use: `the stack ${stackId(name, stack)}`,
      advice: "give each cluster a state of its own",
    };
  });
}

/** One Proxmox is known by one host in `proxmox_api_url`. */
function proxmoxClaims({ config, resolved }: Cluster, proxmox: string): Claim[] {
  const claim = (path: Path, kind: string, value: string, rest: Omit<Claim, "path" | "thing">): Claim => ({
    path,
    thing: `${proxmox} ${kind} ${value}`,
    ...rest,
  });
  const { clusterName, network, nodes } = config;
  const { bridge, vlan } = nodes[0]?.networkInterfaces[0] ?? {};
  // The same address in another VLAN is another one.
  const lan = resolved.input.proxmox_vlan_mode ? vlan : resolved.input.node_vlan_tag;
  const inLan = (address: string) => `${bridge} ${lan ?? "untagged"} ${address}`;
  return [
    claim(["cluster_name"], "name", clusterName, {
      written: clusterName,
      use: "the name",
      advice: "give each cluster its own name, as HA rules are called by it",
    }),
    claim(["cluster_api_addr"], "address", inLan(network.vip), {
      written: network.vip,
      use: "cluster_api_addr",
      advice: "choose a free address",
    }),
    ...resolved.nodes.flatMap(({ path, label, input, config: node }) => [
      claim([...path, "vm_id"], "id", String(node.vmId), {
        written:
          input.vm_id === undefined
            ? `is missing, and ${node.vmId}, made of the address,`
            : String(node.vmId),
        use: label,
        advice: "give each VM its own id",
      }),
      claim([...path, "address"], "address", inLan(node.address), {
        written: node.address,
        use: label,
        advice: "give each node its own address",
      }),
      ...node.networkInterfaces.flatMap(({ macAddress }, index): Claim[] => {
        if (macAddress === undefined) return [];
        const at = index === 0 ? ["mac_addr"] : ["networks", index - 1, "mac_addr"];
        return [
          claim([...path, ...at], "mac", macAddress.toLowerCase(), {
            written: macAddress,
            use: label,
            advice: "give each NIC its own address",
          }),
        ];
      }),
    ]),
  ];
}
