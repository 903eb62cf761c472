import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { mergeIntoUserConfig, userConfigPath, writeOwnConfig } from "../../talos/write-config";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "write-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(inFolder(name), "utf8");
const modeOf = (name: string) => (statSync(inFolder(name)).mode & 0o777).toString(8);
const config = (ca: string) => stringify({ context: "lab", contexts: { lab: { ca, crt: "c", key: "k" } } });
const MERGE = { replace: false, use: false };

test("the user's own file is where kubectl and talosctl look first", () => {
  expect(userConfigPath("kubeconfig", { HOME: "/home/me" })).toBe("/home/me/.kube/config");
  expect(userConfigPath("talosconfig", { HOME: "/home/me", TALOSCONFIG: "" })).toBe("/home/me/.talos/config");
  expect(userConfigPath("kubeconfig", { HOME: "/home/me", KUBECONFIG: "/a:/b" })).toBe("/a");
});

test("a first file gets its folder and the mode 600", () => {
  const { path, context } = mergeIntoUserConfig("talosconfig", config("ca"), { HOME: folder }, MERGE);
  expect({ path, context }).toEqual({ path: inFolder(".talos/config"), context: "lab" });
  expect(modeOf(".talos/config")).toBe("600");
  expect(modeOf(".talos")).toBe("700");
});

test("a link stays a link, and a file that all can read does not stay so", () => {
  writeFileSync(inFolder("real"), "contexts: {}\n", { mode: 0o644 });
  symlinkSync(inFolder("real"), inFolder("link"));
  mergeIntoUserConfig("talosconfig", config("ca"), { TALOSCONFIG: inFolder("link") }, MERGE);
  expect(lstatSync(inFolder("link")).isSymbolicLink()).toBe(true);
  expect(parse(read("real")).contexts.lab.ca).toBe("ca");
  expect(modeOf("real")).toBe("600");
});

test("a file of its own is replaced by newer credentials, and by another cluster only where that was said", () => {
  writeOwnConfig("talosconfig", inFolder("own"), config("ca"), false);
  expect(modeOf("own")).toBe("600");
  writeOwnConfig("talosconfig", inFolder("own"), config("ca").replace("crt: c", "crt: newer"), false);
  expect(read("own")).toContain("newer");
  const other = () => writeOwnConfig("talosconfig", inFolder("own"), config("another"), false);
  expect(other).toThrow(/own exists and is not the talosconfig of this cluster alone; name another file/);
  writeFileSync(inFolder("notes"), "my notes\n");
  expect(() => writeOwnConfig("talosconfig", inFolder("notes"), config("ca"), false)).toThrow("exists");
  writeOwnConfig("talosconfig", inFolder("own"), config("another"), true);
  expect(read("own")).toBe(config("another"));
});

test("a file with other clusters in it is no file of its own, whichever comes first", () => {
  const lab = parse(config("ca"));
  const two = stringify({ ...lab, contexts: { ...lab.contexts, home: { ca: "other", crt: "c", key: "k" } } });
  writeFileSync(inFolder("talosconfig"), two);
  expect(() => writeOwnConfig("talosconfig", inFolder("talosconfig"), config("ca"), false)).toThrow(/exists/);
  expect(read("talosconfig")).toBe(two);
  const kubeconfig = (...clusters: object[]) => stringify({ clusters, contexts: [], users: [] });
  const own = { name: "lab", cluster: { "certificate-authority-data": "ca" } };
  // What says nothing of a CA is another cluster, too.
  const withHome = kubeconfig(own, { name: "home", cluster: { server: "https://home" } });
  writeFileSync(inFolder("kubeconfig"), withHome);
  const write = () => writeOwnConfig("kubeconfig", inFolder("kubeconfig"), kubeconfig(own), false);
  expect(write).toThrow(/exists and is not the kubeconfig of this cluster alone/);
  writeFileSync(inFolder("kubeconfig"), kubeconfig(own));
  expect(write).not.toThrow();
});
