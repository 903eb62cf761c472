import { TalosCluster } from "../../constructs/talos-cluster";
import type { TalosClusterProps } from "../../constructs/talos-cluster-props";
import { TalosProvider } from "../../constructs/talos-provider";
import { schemaProblems } from "../support/pinned-schema";
import { synth, type Template } from "../support/synth";
import { talosCluster, talosControlPlane, talosWorker } from "../support/talos-nodes";

function templateOf(props: TalosClusterProps): Template {
  return synth((stack) => {
    new TalosProvider(stack, "talos");
    new TalosCluster(stack, "cluster", props);
  });
}

test("minimal", () => {
  const template = templateOf(talosCluster([talosControlPlane(1)]));
  console.log(JSON.stringify(template, null, 1));
  expect(schemaProblems(template)).toEqual([]);
});
