import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AGE,
  CLOUDFLARE_PROVIDER,
  ETCD,
  KUBERNETES,
  OPENTOFU,
  PROXMOX_PROVIDER,
  SOPS,
  TALOS_PROVIDER,
  TALOSCTL,
  TASK,
} from "../../toolchain/versions";

const root = join(__dirname, "../..");
const goMod = (folder: string) => readFileSync(join(root, folder, "go.mod"), "utf8");

it.each([
  { ...OPENTOFU, module: "github.com/opentofu/opentofu" },
  { ...TALOSCTL, module: "github.com/siderolabs/talos" },
  { ...SOPS, module: "github.com/getsops/sops/v3" },
  { ...AGE, module: "filippo.io/age" },
  { ...TASK, module: "github.com/go-task/task/v3" },
  { ...PROXMOX_PROVIDER, module: "github.com/bpg/terraform-provider-proxmox" },
])("$module is pinned to the same version in its go.mod", ({ version, module, build }) => {
  expect(goMod(build.folder)).toContain(`\ntool ${build.package}\n`);
  expect(goMod(build.folder)).toMatch(new RegExp(`${module} v${version}\\b`));
});

it.each([
  { ...ETCD, module: ETCD.build.package },
  { ...KUBERNETES["kube-apiserver"], module: "k8s.io/kubernetes" },
  { ...KUBERNETES.kubectl, module: "k8s.io/kubernetes" },
])("$build.package is pinned to the same version in its go.mod", ({ version, module, build }) => {
  expect(goMod(build.folder)).toMatch(new RegExp(`^tool \\([^)]*\t${build.package}\n`, "m"));
  expect(goMod(build.folder)).toContain(`\t${module} v${version}`);
  // Otherwise a Kubernetes of one version would be built with the libraries of another.
  expect(goMod(build.folder)).not.toMatch(/=> k8s\.io\/\S+ v(?!0\.36\.3\n)/);
});

// They have most packages in common, and Go compiles a package once for each set of versions.
it("Kubernetes has the versions of talosctl's go.mod where both need a module", () => {
  const versions = (folder: string) =>
    new Map([...goMod(folder).matchAll(/^\t(\S+) (v\S+)/gm)].map(([, module, version]) => [module, version]));
  const ofTalosctl = versions(TALOSCTL.build.folder);
  const others = [...versions(KUBERNETES.kubectl.build.folder)].filter(([module, version]) => {
    const other = ofTalosctl.get(module);
    const isReplaced = version === "v0.0.0";
    return other !== undefined && other !== version && !isReplaced;
  });
  // The API of CEL that Kubernetes is written for is an older one.
  expect(others.map(([module]) => module)).toEqual([
    "github.com/antlr4-go/antlr/v4",
    "github.com/google/cel-go",
  ]);
});

it("the provider has the version that the bindings are made from", () => {
  const { terraformProviders } = JSON.parse(readFileSync(join(root, "cdktf.json"), "utf8"));
  expect(terraformProviders).toContain(`${PROXMOX_PROVIDER.source}@${PROXMOX_PROVIDER.version}`);
  expect(existsSync(join(root, `schemas/proxmox@${PROXMOX_PROVIDER.version}.json`))).toBe(true);
  expect(PROXMOX_PROVIDER.build.ldflags).toContain(`main.version=${PROXMOX_PROVIDER.version}`);
});

it.each([CLOUDFLARE_PROVIDER, TALOS_PROVIDER])(
  "the stand-in for $source serves the schema of its version",
  (pin) => {
    const { source, version } = pin;
    const file = `schemas/${source.split("/")[1]}@${version}.json`;
    const schema = JSON.parse(readFileSync(join(root, file), "utf8"));
    expect(schema.provider_versions).toEqual({ [`registry.terraform.io/${source}`]: version });
  },
);
