import { kubernetesStepProblem, talosStepProblem } from "../../domain/talos-versions";

test.each([
  ["v1.12.4", "v1.12.4"],
  ["v1.12.4", "v1.12.9"],
  ["v1.12.4", "v1.12.1"],
  ["v1.12.4", "v1.13.0"],
])("from %s to %s is one step at most", (from, to) => {
  expect(talosStepProblem(from, to)).toBeUndefined();
});

test.each([
  ["v1.11.0", "v1.13.0", /is 2 minor versions after Talos v1\.11\.0; go to a release of v1\.12 first/],
  ["v1.13.0", "v1.12.0", /goes back from Talos v1\.13\.0/],
  ["nightly", "v1.12.0", /cannot be compared with Talos nightly/],
])("from %s to %s is refused", (from, to, reason) => {
  expect(talosStepProblem(from, to)).toMatch(reason);
});

test("Kubernetes has the same rule, with its v or without", () => {
  expect(kubernetesStepProblem("1.35.2", "v1.36.0")).toBeUndefined();
  expect(kubernetesStepProblem("v1.34.2", "1.36.0")).toMatch(/2 minor versions after Kubernetes v1\.34\.2/);
});
