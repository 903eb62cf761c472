import fc from "fast-check";
import { layOut } from "../../topology/layout";
import { type Box, boxOf, type Card, type TextLine, type TopologyLayout } from "../../topology/layout/model";
import { anyCluster, anyLive, clusterOf, example } from "./support/clusters";

/** The smallest distance to the edge of the box around something. */
const EDGE = 6;
const ROUNDING = 0.01;

const moved = (box: Box, by: { x: number; y: number }): Box => ({ ...box, x: box.x + by.x, y: box.y + by.y });

function overlap(a: Box, b: Box): boolean {
  const apart =
    a.x + a.width <= b.x + ROUNDING ||
    b.x + b.width <= a.x + ROUNDING ||
    a.y + a.height <= b.y + ROUNDING ||
    b.y + b.height <= a.y + ROUNDING;
  return !apart;
}

function contains(outer: Box, inner: Box, edge = 0): boolean {
  return (
    inner.x >= outer.x + edge - ROUNDING &&
    inner.y >= outer.y + edge - ROUNDING &&
    inner.x + inner.width <= outer.x + outer.width - edge + ROUNDING &&
    inner.y + inner.height <= outer.y + outer.height - edge + ROUNDING
  );
}

function expectApart(boxes: readonly Box[]): void {
  for (const [index, box] of boxes.entries()) {
    for (const other of boxes.slice(index + 1)) {
      if (overlap(box, other)) throw new Error(`${JSON.stringify(box)} overlaps ${JSON.stringify(other)}`);
    }
  }
}

function expectInside(outer: Box, boxes: readonly Box[], edge: number): void {
  for (const box of boxes) {
    if (!contains(outer, box, edge))
      throw new Error(`${JSON.stringify(box)} leaves ${JSON.stringify(outer)}`);
  }
}

const boxesOf = (texts: readonly TextLine[]) => texts.map(boxOf);
const atOrigin = ({ width, height }: Box): Box => ({ x: 0, y: 0, width, height });
const pageOf = ({ width, height }: TopologyLayout): Box => ({ x: 0, y: 0, width, height });

function checkCard(card: Card): void {
  const dots = [...card.dots, ...(card.state ? [card.state] : [])];
  const rules = card.rules.map((y) => ({ x: 18, y, width: card.width - 36, height: 0.1 }));
  const inside = [...boxesOf(card.texts), ...card.chips, ...dots.map(dotBox), ...rules];
  expectInside(atOrigin(card), inside, EDGE);
  expectApart(inside);
  for (const chip of card.chips) expectInside(atOrigin(chip), [boxOf(chip.text)], 0);
}

const dotBox = ({ x, y }: { x: number; y: number }): Box => ({ x: x - 4, y: y - 4, width: 8, height: 8 });

function checkLayout(layout: TopologyLayout): void {
  const page = pageOf(layout);
  const outer = [...layout.panels, ...layout.endpoints, ...boxesOf(layout.texts)];
  expectInside(page, outer, EDGE);
  expectApart(outer);
  for (const endpoint of layout.endpoints) {
    expectInside(atOrigin(endpoint), boxesOf(endpoint.texts), EDGE);
    expectApart(boxesOf(endpoint.texts));
  }
  for (const panel of layout.panels) {
    const inside = [...panel.cards, ...boxesOf(panel.texts)];
    expectInside(atOrigin(panel), inside, EDGE);
    expectApart(inside);
    for (const card of panel.cards) checkCard(card);
  }
}

/** All boxes with text. */
function readable(layout: TopologyLayout): Box[] {
  const inPanels = layout.panels.flatMap((panel) => [
    ...boxesOf(panel.texts).map((box) => moved(box, panel)),
    ...panel.cards.map((card) => moved(card, panel)),
  ]);
  return [...boxesOf(layout.texts), ...inPanels];
}

/** A wire as a box without thickness; it may touch the edge of a card, where it ends. */
function wireBox({ from, to }: TopologyLayout["wires"][number]): Box {
  const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
  return {
    x,
    y,
    width: Math.max(Math.abs(to.x - from.x), 0.1),
    height: Math.max(Math.abs(to.y - from.y), 0.1),
  };
}

/** With and without what the running cluster says. */
const forAnyCluster = (check: (layout: TopologyLayout) => void) =>
  fc.assert(
    fc.property(
      anyCluster.chain((config) =>
        fc.tuple(fc.constant(config), fc.option(anyLive(config), { nil: undefined })),
      ),
      ([config, live]) => check(layOut(config, live)),
    ),
    { numRuns: 60 },
  );

test("nothing overlaps and nothing leaves what it is in, however long the names are", () => {
  forAnyCluster(checkLayout);
});

test("no wire runs through a card or a text, and each is straight", () => {
  forAnyCluster((layout) => {
    const boxes = readable(layout);
    for (const wire of layout.wires) {
      expect(wire.from.x === wire.to.x || wire.from.y === wire.to.y).toBe(true);
      const crossed = boxes.filter((box) => overlap(wireBox(wire), box));
      expect(crossed).toEqual([]);
    }
    expectInside(pageOf(layout), layout.wires.map(wireBox), EDGE);
  });
});

test("dots on the line of the first network are apart, and each wire to it starts at its box", () => {
  const nodes = [1, 2, 3].map((n) => ({ name: `cp-${n}`, host: `pve${n}` }));
  // Of every width, so that boxes are above the wires to the hosts, too.
  for (let length = 1; length <= 60; length++) {
    const talos = example.talos && { ...example.talos, endpoint: `https://${"k".repeat(length)}.org:6443` };
    const { wires, joints, endpoints } = layOut(clusterOf(nodes, { talos }));
    const lane = wires[0]?.from.y;
    expectApart(joints.filter(({ y }) => y === lane).map(dotBox));
    for (const { x, y, width, height } of endpoints) {
      const own = wires.filter(({ from }) => from.y === y + height && from.x > x && from.x < x + width);
      expect(own).toHaveLength(1);
    }
  }
});

test("each node has one card, on its host, with a wire to each of its networks", () => {
  fc.assert(
    fc.property(anyCluster, (config) => {
      const layout = layOut(config);
      const shown = layout.panels.flatMap(({ host, cards }) => cards.map(({ title }) => ({ host, title })));
      expect(shown).toHaveLength(config.nodes.length);
      for (const { name, host, vmId } of config.nodes) {
        const start = `${name}: `;
        const own = shown.filter(
          ({ title }) => title.startsWith(start) && title.includes(`VM ${vmId} on ${host}`),
        );
        expect(own.some((card) => card.host === host)).toBe(true);
      }
      for (const panel of layout.panels) {
        for (const card of panel.cards) {
          const top = panel.y + card.y;
          const left = panel.x + card.x;
          const plugged = layout.joints.filter(
            ({ x, y }) => Math.abs(y - top) < ROUNDING && x > left && x < left + card.width,
          );
          expect(plugged.map(({ network }) => network).sort()).toEqual(
            card.dots.map(({ network }) => network).sort(),
          );
        }
      }
    }),
    { numRuns: 40 },
  );
});

const sizes = [1, 3, 6, 12, 30].flatMap((nodes) => [1, 2, 3, 4, 5].map((hosts) => [nodes, hosts] as const));

test.each(sizes)(
  "%i nodes on %i hosts make a page that is no wider than a README shows well",
  (nodes, hosts) => {
    const config = clusterOf(
      Array.from({ length: nodes }, (_, index) => ({
        name: `node-${index}`,
        role: index < 3 ? ("controlplane" as const) : ("worker" as const),
        host: `pve${index % hosts}`,
        vmId: 100 + index,
      })),
    );
    for (const live of [undefined, ...fc.sample(anyLive(config), { numRuns: 2, seed: nodes * hosts })]) {
      const layout = layOut(config, live);
      checkLayout(layout);
      expect(layout.width).toBeLessThanOrEqual(1200);
      expect(layout.panels).toHaveLength(Math.min(nodes, hosts));
    }
  },
);

test("control planes come first on their host", () => {
  const [first, ...others] = example.nodes;
  const { panels } = layOut({ ...example, nodes: [...others, ...(first ? [first] : [])] });
  expect(panels.flatMap(({ cards }) => cards.map(({ role }) => role))).toEqual([
    ...Array(3).fill("controlplane"),
    ...Array(3).fill("worker"),
  ]);
});
