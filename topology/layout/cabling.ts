import type { Dot, Wire } from "./model";
import type { Network } from "./networks";
import type { HostLayout } from "./panel";

const GUTTER = { first: 6, spacing: 8, last: 14 };

export type PlacedHost = HostLayout & {
  /** The column of panels that it is in, from 0. */
  readonly column: number;
};

export interface Cabling {
  /** In drawing order: a wire is drawn over those before it. */
  readonly wires: readonly Wire[];
  readonly joints: readonly Dot[];
}

/** The width of the space left of each column of panels, in which the networks run down to the hosts. */
export function gutterWidth(networks: readonly Network[]): number {
  return GUTTER.first + (networks.length - 1) * GUTTER.spacing + GUTTER.last;
}

/** The x of a network within a gutter. */
export function trunkX(network: number): number {
  return GUTTER.first + network * GUTTER.spacing;
}

/** Draws the wires from the lines of the backbone down the gutters, to each row of cards and to each VM. */
export function cable(
  hosts: readonly PlacedHost[],
  networks: readonly Network[],
  lanes: readonly number[],
): Cabling {
  const left = ({ x }: PlacedHost, network: number) => x - gutterWidth(networks) + trunkX(network);
  const branches = hosts.map((host) => branchOff(host, (network) => left(host, network)));

  const trunks = new Map<string, Wire>();
  for (const host of hosts) {
    for (const { network, y } of host.buses) {
      const x = left(host, network);
      const from = { x, y: lanes[network] ?? 0 };
      // Hosts come from top to bottom, so the last one decides where the trunk ends.
      trunks.set(`${host.column} ${network}`, { network, from, to: { x, y: host.y + y }, over: "page" });
    }
  }
  return {
    wires: [...trunks.values(), ...branches.flatMap(({ wires }) => wires)],
    joints: [
      ...[...trunks.values()].map(({ network, from }) => ({ network, ...from })),
      ...branches.flatMap(({ joints }) => joints),
    ],
  };
}

function branchOff(host: PlacedHost, trunk: (network: number) => number): Cabling {
  const wires: Wire[] = [];
  const joints: Dot[] = [];
  // Starts with the lowest line, because a vertical wire crosses the lines below its own.
  for (const { network, y: laneY, ports } of [...host.buses].reverse()) {
    const y = host.y + laneY;
    const ends = ports.map((port) => ({ x: host.x + port.x, y: host.y + port.cardTop }));
    for (const end of ends) {
      wires.push({ network, from: { x: end.x, y }, to: end, over: "panel" });
      joints.push({ network, ...end });
    }
    const start = { x: trunk(network), y };
    const entry = { x: host.x, y };
    wires.push({ network, from: start, to: entry, over: "page" });
    wires.push({ network, from: entry, to: { x: Math.max(...ends.map(({ x }) => x)), y } });
    joints.push({ network, ...start });
  }
  return { wires, joints };
}
