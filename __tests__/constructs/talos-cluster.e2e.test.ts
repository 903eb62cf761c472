import { TalosCluster } from "../../constructs/talos-cluster";
import { TalosProvider } from "../../constructs/talos-provider";
import { minorOf } from "../../domain/talos-versions";
import { CHECKED_TALOS_VERSIONS } from "../../stand-ins/talos-config";
import { complaints, configRequests } from "../support/checked-config";
import { synth } from "../support/synth";
import { TALOS_SHAPES } from "../support/talos-shapes";

const requests = Object.entries(TALOS_SHAPES).flatMap(([name, props]) => {
  const template = synth((stack) => {
    new TalosProvider(stack, "talos");
    new TalosCluster(stack, "cluster", props);
  });
  return configRequests(name, template).map((request) => ({ request, props }));
});

test.each(CHECKED_TALOS_VERSIONS)("Talos %s takes every config that its nodes can have", async (version) => {
  // A newer contract is not for older nodes.
  const understood = requests.filter(
    ({ props }) => minorOf(props.configContract ?? "v1.12") <= minorOf(`v${version}`),
  );
  expect(understood.length).toBeGreaterThan(10);
  expect(
    await complaints(
      understood.map(({ request }) => request),
      version,
    ),
  ).toEqual([]);
});
