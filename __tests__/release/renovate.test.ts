import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, matchesGlob } from "node:path";
import * as versions from "../../toolchain/versions";
import { ROOT } from "../support/running-program";

/* What Renovate finds by renovate.json, and that no pinned version is left for nobody to look at. */

interface Manager {
  readonly description: string;
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly datasourceTemplate?: string;
  readonly depNameTemplate?: string;
  readonly extractVersionTemplate?: string;
}
interface Rule {
  readonly matchManagers?: readonly string[];
  readonly matchPackageNames?: readonly string[];
  readonly enabled?: boolean;
  readonly groupName?: string;
}

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const { customManagers, packageRules, ignorePaths } = JSON.parse(read("renovate.json")) as {
  readonly customManagers: readonly Manager[];
  readonly packageRules: readonly Rule[];
  readonly ignorePaths: readonly string[];
};
const { stdout } = spawnSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" });
const files = stdout
  .trim()
  .split("\n")
  .filter((file) => !ignorePaths.some((path) => matchesGlob(file, path)));

interface Found {
  readonly file: string;
  readonly datasource: string;
  readonly name: string;
  readonly value: string;
  /** Where the value is in the file. */
  readonly at: number;
}

/** What a custom manager finds in a file, as Renovate does: each match of each expression, and what the templates add. */
function findIn(manager: Manager, file: string): readonly Found[] {
  return manager.matchStrings.flatMap((expression) =>
    [...read(file).matchAll(new RegExp(expression, "g"))].map(({ 0: text, groups = {}, index }) => {
      const filled = (template = "") => template.replace(/\{\{\{(\w+)\}\}\}/g, (_, key) => groups[key] ?? "");
      const value = groups.currentValue ?? "";
      return {
        file,
        datasource: groups.datasource ?? filled(manager.datasourceTemplate),
        name: groups.depName ?? filled(manager.depNameTemplate),
        value,
        at: index + text.lastIndexOf(value),
      };
    }),
  );
}
const ofManagers = new Map(
  customManagers.map((manager) => [
    manager,
    files.filter((file) => manager.managerFilePatterns.some((pattern) => matchesGlob(file, pattern))),
  ]),
);
const filesOf = (manager: Manager): readonly string[] => ofManagers.get(manager) ?? [];
const found = customManagers.flatMap((manager) => filesOf(manager).flatMap((file) => findIn(manager, file)));

test.each(customManagers)("each file of these has one: $description", (manager) => {
  expect(filesOf(manager)).toEqual([...manager.managerFilePatterns].sort());
  for (const file of filesOf(manager)) expect(findIn(manager, file)).not.toEqual([]);
  // Renovate's expressions are those of RE2, which looks neither ahead nor back.
  expect(manager.matchStrings.join()).not.toMatch(/\(\?<?[=!]|\\\d/);
});

test("what it finds in toolchain/versions.ts are the versions that hold", () => {
  const inVersions = found.filter(({ file }) => file === "toolchain/versions.ts");
  expect(inVersions.map(({ datasource }) => datasource)).toEqual(inVersions.map(() => "github-releases"));
  expect(inVersions.map(({ name, value }) => [name, value])).toEqual([
    ["opentofu/opentofu", versions.OPENTOFU.version],
    ["siderolabs/talos", versions.TALOSCTL.version],
    ["getsops/sops", versions.SOPS.version],
    ["FiloSottile/age", versions.AGE.version],
    ["go-task/task", versions.TASK.version],
    ["kubernetes/kubernetes", versions.KUBERNETES.kubectl.version],
    ["etcd-io/etcd", versions.ETCD.version],
    ["bpg/terraform-provider-proxmox", versions.PROXMOX_PROVIDER.version],
    ["cloudflare/terraform-provider-cloudflare", versions.CLOUDFLARE_PROVIDER.version],
    ["siderolabs/terraform-provider-talos", versions.TALOS_PROVIDER.version],
  ]);
});

test("what it finds elsewhere", () => {
  const elsewhere = found.filter(({ file }) => file !== "toolchain/versions.ts");
  const kinds = new Set(elsewhere.map(({ datasource, name }) => `${datasource} ${name}`));
  expect([...kinds]).toEqual([
    "pypi zizmor",
    "github-releases bpg/terraform-provider-proxmox",
    "github-releases siderolabs/terraform-provider-talos",
    "github-releases siderolabs/talos",
    "github-releases kubernetes/kubernetes",
    "docker quay.io/cilium/cilium-cli",
  ]);
  for (const { value } of elsewhere) expect(value).toMatch(/^v?\d+\.\d+\.\d+$/);
  const ofProxmox = found.filter(({ name }) => name === "bpg/terraform-provider-proxmox");
  expect(ofProxmox.map(({ value }) => value)).toEqual(ofProxmox.map(() => versions.PROXMOX_PROVIDER.version));
  // An update changes all places of an image, or none.
  expect(
    new Set(elsewhere.filter(({ datasource }) => datasource === "docker").map((each) => each.value)).size,
  ).toBe(1);
});

/** Constants with a version that Renovate must not change, and why. */
const BY_HAND: Readonly<Record<string, string>> = {
  OPENTOFU_MINIMUM: "what the program needs, not what it takes",
  TALOSCTL_MINIMUM: "what the program needs, not what it takes",
  VERSIONS: "a release of each minor version of Talos whose keys are known (schemas/machine-config.mjs)",
  NO_CDKTF: "cdktf is archived, so there is no newer one",
};

// Not those of the stand-ins: what these say they are is no pin.
test("each constant that pins a version is found, or is named here as one to change by hand", () => {
  const sources = files.filter(
    (file) => /\.(ts|mjs)$/.test(file) && !/^stand-ins\/|^__tests__\/(?!github\/support)/.test(file),
  );
  const constants = sources.flatMap((file) =>
    [
      ...read(file).matchAll(/^(?:export )?const ([A-Z][A-Z0-9_]*) = [^\n]*?["':@]v?\d+\.\d+\.\d+["',]/gm),
    ].map(({ 0: line, 1: name = "", index }) => ({ file, name, from: index, to: index + line.length })),
  );
  const left = constants.filter(
    ({ file, from, to }) => !found.some((each) => each.file === file && each.at >= from && each.at <= to),
  );
  expect([...new Set(left.map(({ name }) => name))].sort()).toEqual(Object.keys(BY_HAND).sort());
  // Properties of the table of versions are pins, too.
  const table = read("toolchain/versions.ts");
  const properties = [...table.matchAll(/^ +version: "([^"]+)"/gm)].map(
    ({ 0: line, 1: value = "", index }) => index + line.lastIndexOf(value),
  );
  expect(properties.filter((at) => !found.some((each) => each.at === at))).toEqual([]);
  expect(properties.length).toBeGreaterThan(3);
});

describe("what Renovate finds by itself", () => {
  test("are the files that pin: none of them is ignored", () => {
    // As Renovate's managers have it: npm, gomod, dockerfile, github-actions, terraform, pip_requirements, ansible-galaxy.
    const own = [
      /(^|\/)package\.json$/,
      /(^|\/)go\.mod$/,
      /(^|\/)Dockerfile$/,
      /^\.github\/workflows\/.*\.yml$/,
      /\.tf$/,
      /requirements\.txt$/,
      /(^|\/)requirements\.ya?ml$/,
    ];
    const all = spawnSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).stdout.trim().split("\n");
    const pinning = all.filter((file) => own.some((pattern) => pattern.test(file)));
    expect(pinning).toContain("__tests__/github/actionlint/go.mod");
    expect(pinning).toContain("ansible/requirements.txt");
    expect(pinning).toContain("ansible/requirements.yml");
    expect(pinning.filter((file) => !files.includes(file))).toEqual([]);
  });

  test("an action says its version beside its commit, for the next one to be found", () => {
    const uses = files
      .filter((file) => file.startsWith(".github/workflows/"))
      .flatMap((file) => [...read(file).matchAll(/uses: (.*)/g)].map(([, each = ""]) => each));
    expect(uses.length).toBeGreaterThan(20);
    expect(uses.filter((each) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(each))).toEqual([]);
    // Otherwise an update would be a downgrade somewhere.
    expect(new Set(uses).size).toBe(new Set(uses.map((each) => each.replace(/@.*/, ""))).size);
  });

  test("each tool of a go.mod is looked at, although Go calls it indirect", () => {
    const [rule] = packageRules.filter(
      ({ matchManagers, enabled }) => matchManagers?.includes("gomod") && enabled,
    );
    const modules = files
      .filter((file) => file.endsWith("go.mod"))
      .flatMap((file) => {
        const text = read(file);
        const tools = [...text.matchAll(/^(?:tool |\t)([\w./-]+)$/gm)].map(([, tool = ""]) => tool);
        const required = [...text.matchAll(/^\t(\S+) v\S+/gm)].map(([, module = ""]) => module);
        return tools.map((tool) => longestPrefix(tool, required));
      });
    expect([...new Set(modules)].sort()).toEqual(rule?.matchPackageNames);
  });

  test("a tool is updated together with its go.mod", () => {
    const groups = packageRules.flatMap(({ groupName, matchPackageNames = [] }) =>
      groupName ? [matchPackageNames] : [],
    );
    const grouped = (name: string) =>
      groups.findIndex((names) => names.some((each) => matchesGlob(name, each)));
    for (const [release, module] of [
      ["opentofu/opentofu", "github.com/opentofu/opentofu"],
      ["siderolabs/talos", "github.com/siderolabs/talos"],
      ["getsops/sops", "github.com/getsops/sops/v3"],
      ["FiloSottile/age", "filippo.io/age"],
      ["go-task/task", "github.com/go-task/task/v3"],
      ["kubernetes/kubernetes", "k8s.io/kubernetes"],
      ["kubernetes/kubernetes", "k8s.io/apimachinery"],
      ["etcd-io/etcd", "go.etcd.io/etcd/server/v3"],
      ["bpg/terraform-provider-proxmox", "github.com/bpg/terraform-provider-proxmox"],
      ["ansible", "ansible-core"],
      ["ansible", "community.proxmox"],
    ] as const) {
      expect(grouped(release)).toBeGreaterThanOrEqual(0);
      expect([release, grouped(module)]).toEqual([release, grouped(release)]);
    }
  });
});

/** The module that a package belongs to. */
function longestPrefix(name: string, modules: readonly string[]): string {
  const parents = modules.filter((module) => name === module || name.startsWith(`${module}/`));
  return parents.sort((a, b) => b.length - a.length)[0] ?? `no module of ${name} in ${dirname(name)}`;
}
