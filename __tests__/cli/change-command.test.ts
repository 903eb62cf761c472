import { chosenNodes, finish } from "../../cli/change-command";
import { talosNodesOf } from "../talos/support/model-cluster";

const nodes = talosNodesOf(3, 1);
const namesOf = (names?: readonly string[]) => chosenNodes(nodes, names).map(({ name }) => name);

test("all nodes where none is named, and each one once", () => {
  expect(namesOf()).toEqual(nodes.map(({ name }) => name));
  expect(namesOf([])).toEqual(nodes.map(({ name }) => name));
  expect(namesOf(["cp-2", "w-1", "cp-2"])).toEqual(["cp-2", "w-1"]);
  expect(() => namesOf(["cp-4"])).toThrow(/"cp-4" is no node of this cluster/);
});

test("a run that stops says how it goes on: with what is left, where nothing tells what is done", () => {
  const said = jest.spyOn(console, "error").mockImplementation(() => undefined);
  const report = {
    dryRun: false,
    problems: [],
    nodes: [
      { name: "cp-1", outcome: "changed" },
      { name: "cp-2", outcome: "failed", reason: "it is down" },
      { name: "w-1", outcome: "not reached" },
    ],
  } as const;
  expect(finish(report, {}, [], [])).toBe(1);
  expect(finish(report, {}, [], [], (left) => `npm run reboot -- ${left.join(" ")}`)).toBe(1);
  expect(said.mock.calls.flat()).toEqual([
    "stopped at cp-2: it is down\nfix that, then run the command again: it goes on from here",
    "stopped at cp-2: it is down\nfix that, then run what is left: npm run reboot -- cp-2 w-1",
  ]);
  said.mockRestore();
});
