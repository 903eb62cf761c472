import { hasConfig } from "../../../talos/change/wanted-config";
import { talosNode } from "../support/model-cluster";

const node = talosNode("cp-1", "controlplane");
const config = (size: number) => `machine:\n  sysctls:\n    net.core.somaxconn: "${size}"\n`;

function cluster(configs: Readonly<Record<string, string>>): Parameters<typeof hasConfig>[0] {
  const resources = async () => Object.entries(configs).map(([id, spec]) => ({ id, version: "1", spec }));
  return { talosctl: { resources } } as unknown as Parameters<typeof hasConfig>[0];
}

test("a node has a config that is in effect, whatever the order and form of its keys", async () => {
  const running = cluster({ v1alpha1: "{machine: {sysctls: {net.core.somaxconn: '1'}, install: {}}}" });
  expect(await hasConfig(running, node, config(1))).toBe(true);
  expect(await hasConfig(running, node, config(2))).toBe(false);
});

test("what counts is what is in effect after the next boot", async () => {
  const staged = cluster({ v1alpha1: config(1), persistent: config(2) });
  expect(await hasConfig(staged, node, config(1))).toBe(false);
  expect(await hasConfig(staged, node, config(2))).toBe(true);
});
