import type { Dot, Wire } from "./model";
import type { Network } from "./networks";
import type { HostLayout } from "./panel";

const GUTTER = { first: 6, spacing: 8, last: 14 };

export type PlacedHost = HostLayout & {
  /** Of panels, from 0. */
  readonly column: number;
};

export interface Cabling {
  /** In the order of drawing: a wire passes over those before it. */
  readonly wires: readonly Wire[];
  readonly joints: readonly Dot[];
}

/** Left of each column of panels, the networks run down to its hosts. */
export function gutterWidth(networks: readonly Network[]): number {
  return GUTTER.first + (networks.length - 1) * GUTTER.spacing + GUTTER.last;
}

/** Where in the gutter a network runs. */
export function trunkX(network: number): number {
  return GUTTER.first + network * GUTTER.spacing;
}

/** From the lanes of the backbone down the gutters, into each row of cards and to each VM. */
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
      // Hosts come from top to bottom: the last one says how far down the trunk goes.
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
  // From the lowest lane up: a drop passes over the lanes below its own.
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
