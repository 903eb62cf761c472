import { parse, stringify } from "yaml";
import { TalosError } from "../../talos/errors";
import { mergeKubeconfig, mergeTalosconfig } from "../../talos/merge-config";

const kubeconfig = (ca: string) =>
  stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "lab", cluster: { server: "https://10.20.1.10:6443", "certificate-authority-data": ca } },
    ],
    users: [{ name: "admin@lab", user: { "client-key-data": `key of ${ca}` } }],
    contexts: [{ name: "admin@lab", context: { cluster: "lab", user: "admin@lab" } }],
    "current-context": "admin@lab",
  });
const talosconfig = (ca: string) =>
  stringify({ context: "lab", contexts: { lab: { endpoints: ["10.20.1.11"], ca, crt: "c", key: "k" } } });

const props = { path: "the file", replace: false, use: false };

describe.each([
  ["kubeconfig", mergeKubeconfig, kubeconfig, "current-context", "admin@lab"],
  ["talosconfig", mergeTalosconfig, talosconfig, "context", "lab"],
] as const)("%s", (_, merge, configOf, current, context) => {
  test("becomes the file where there is none", () => {
    const { text } = merge({ ...props, existing: undefined, added: configOf("ca") });
    expect(parse(text)).toEqual(parse(configOf("ca")));
  });

  test("leaves everything else as it is, and the current context too", () => {
    const existing = `# comment\n${current}: work # the usual one\nextra:\n  - 1\n`;
    const { text } = merge({ ...props, existing, added: configOf("ca") });
    expect(text.startsWith(existing)).toBe(true);
    expect(merge({ ...props, existing: text, added: configOf("ca") }).text).toBe(text);
    expect(parse(merge({ ...props, existing, added: configOf("ca"), use: true }).text)[current]).toBe(
      context,
    );
  });

  test("takes the place of older credentials of the same cluster", () => {
    const existing = configOf("ca").replace(/key of ca|key: k/, (key) => `${key} before`);
    expect(existing).not.toBe(configOf("ca"));
    expect(parse(merge({ ...props, existing, added: configOf("ca") }).text)).toEqual(parse(configOf("ca")));
  });

  test("does not take the place of another cluster with the same name, unless that was said", () => {
    const both = { existing: configOf("ca of another"), added: configOf("ca") };
    expect(() => merge({ ...props, ...both })).toThrow(
      /^the file has a (cluster|context) lab that is another cluster's/,
    );
    expect(parse(merge({ ...props, ...both, replace: true }).text)).toEqual(parse(configOf("ca")));
  });

  test.each(["a: [", "- a list", "just text"])(
    "does not touch a file that it cannot read: %s",
    (existing) => {
      expect(() => merge({ ...props, existing, added: configOf("ca") })).toThrow(TalosError);
    },
  );
});

test("a user of the same name, without the cluster, is another cluster's", () => {
  const existing = stringify({ users: [{ name: "admin@lab", user: { token: "mine" } }] });
  expect(() => mergeKubeconfig({ ...props, existing, added: kubeconfig("ca") })).toThrow(/user admin@lab/);
});
