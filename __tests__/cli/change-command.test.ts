import { chosenNodes } from "../../cli/change-command";
import { talosNodesOf } from "../talos/support/model-cluster";

const nodes = talosNodesOf(3, 1);
const namesOf = (names?: readonly string[]) => chosenNodes(nodes, names).map(({ name }) => name);

test("all nodes where none is named, and each one once", () => {
  expect(namesOf()).toEqual(nodes.map(({ name }) => name));
  expect(namesOf([])).toEqual(nodes.map(({ name }) => name));
  expect(namesOf(["cp-2", "w-1", "cp-2"])).toEqual(["cp-2", "w-1"]);
  expect(() => namesOf(["cp-4"])).toThrow(/"cp-4" is no node of this cluster/);
});
