import { DOMParser, type Element, onErrorStopParsing } from "@xmldom/xmldom";
import { type LiveNode, type LiveTopology, renderTopology } from "../../topology";
import { example } from "./support/clusters";

/* What the picture shows of a running cluster. */

const healthy: LiveNode = { health: "healthy", isRestartPending: false, remarks: [] };
const live = (nodes: Readonly<Record<string, Partial<LiveNode>>>, remarks: string[] = []): LiveTopology => ({
  readAt: new Date("2026-11-28T20:59:31Z"),
  nodes: new Map(
    example.nodes.flatMap(({ name }) => {
      const state = nodes[name];
      return state === undefined ? [] : [[name, { ...healthy, ...state }] as const];
    }),
  ),
  remarks,
});
const EVERY = Object.fromEntries(example.nodes.map(({ name }) => [name, {}]));

const rootOf = (picture: LiveTopology) =>
  new DOMParser({ onError: onErrorStopParsing }).parseFromString(
    renderTopology(example, picture),
    "image/svg+xml",
  );
const textsOf = (element: { getElementsByTagName(name: string): Iterable<Element> }) =>
  [...element.getElementsByTagName("text")].map((each) => each.textContent ?? "");

/** The card of a node: its texts, those below its state, the colours of its dots, and its tooltip. */
function cardOf(picture: LiveTopology, name: string) {
  const group = [...rootOf(picture).getElementsByTagName("title")].find((title) =>
    title.textContent?.startsWith(`${name}: `),
  );
  const card = group?.parentNode as Element;
  const own = [...card.childNodes].filter(({ nodeName }) => nodeName === "text");
  const texts = own.map(({ textContent }) => textContent ?? "");
  return {
    texts,
    below: texts.slice(texts.indexOf("healthy") + 1),
    colours: [...card.getElementsByTagName("circle")].map((dot) => dot.getAttribute("class")),
    tooltip: group?.textContent ?? "",
  };
}

test("a picture of nothing but the files has no word of health", () => {
  expect(renderTopology(example)).not.toMatch(/healthy|not asked|UTC/);
});

test.each<[LiveNode["health"], string]>([
  ["healthy", "good"],
  ["warning", "warn"],
  ["not healthy", "bad"],
  ["no answer", "bad"],
  ["not asked", "muted"],
])("a node that is %s says so in words and in a colour", (health, colour) => {
  const { texts, colours, tooltip } = cardOf(live({ ...EVERY, "cp-2": { health } }), "cp-2");
  expect(texts).toContain(health);
  expect(colours).toEqual(["net0", colour]);
  expect(tooltip).toMatch(new RegExp(`; ${health}$`));
});

test("a node of which nothing is known was not asked, and is not healthy", () => {
  const { "worker-1": _, ...others } = EVERY;
  const { texts } = cardOf(live(others), "worker-1");
  expect(texts).toContain("not asked");
  expect(texts).not.toContain("healthy");
});

test("what waits for a restart is on the card of its node, and on no other", () => {
  const picture = live({
    ...EVERY,
    "cp-1": { isRestartPending: true, remarks: ["a staged config waits", "memory 2048 → 4096"] },
  });
  expect(cardOf(picture, "cp-1").texts).toEqual(
    expect.arrayContaining(["healthy, restart pending", "a staged config waits", "memory 2048 → 4096"]),
  );
  expect(cardOf(picture, "cp-2").texts.join(" ")).not.toMatch(/restart|waits|memory 2048/);
});

test("above the hosts stands when it was read, how many nodes are how, and what concerns the cluster", () => {
  const picture = live(
    {
      ...EVERY,
      "cp-1": { health: "no answer" },
      "cp-2": { isRestartPending: true },
      "worker-1": { health: "warning", isRestartPending: true },
    },
    ["etcd on cp-3: it has no leader"],
  );
  const root = rootOf(picture);
  const summary = "Nodes at 2026-11-28 20:59 UTC: 4 healthy, 1 warning, 1 no answer; 2 restarts pending";
  expect(textsOf(root)).toEqual(expect.arrayContaining([summary, "etcd on cp-3: it has no leader"]));
  expect(root.getElementsByTagName("desc")[0]?.textContent).toContain(
    `${summary}. etcd on cp-3: it has no leader.`,
  );
});

test("a long reason is cut on the card, and whole in its tooltip", () => {
  const reason = "connection error: ".repeat(30).trim();
  const { below, tooltip } = cardOf(live({ ...EVERY, "cp-1": { remarks: [reason] } }), "cp-1");
  expect(below).toHaveLength(4);
  expect(below.at(-1)).toMatch(/…$/);
  expect(tooltip).toContain(reason);
});

test("of many remarks, the first ones are shown and the others counted", () => {
  const remarks = Array.from({ length: 9 }, (_, n) => `remark ${n + 1}`);
  const { below } = cardOf(live({ ...EVERY, "cp-1": { remarks } }), "cp-1");
  expect(below).toEqual(["remark 1", "remark 2", "remark 3", "remark 4", "and 5 more"]);
  expect(textsOf(rootOf(live(EVERY, remarks)))).toEqual(expect.arrayContaining(["remark 6", "and 3 more"]));
});

describe("on a light and on a dark page", () => {
  const css = renderTopology(example);
  const [light = "", dark = ""] = css.split("@media (prefers-color-scheme:dark)");
  const fill = (scheme: string, name: string) =>
    new RegExp(`\\.${name}\\{fill:(#[0-9a-f]{6})\\}`).exec(scheme)?.[1] ?? "";
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one: string, other: string) => {
    const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  test.each(["strong", "muted", "good", "warn", "bad", "controlplane", "worker"])(
    "%s can be read",
    (tone) => {
      for (const scheme of [light, dark]) {
        for (const ground of ["page", "panel", "card"]) {
          expect(contrast(fill(scheme, tone), fill(scheme, ground))).toBeGreaterThanOrEqual(4.5);
        }
      }
    },
  );
});
