/**
 * The versions and checksums of OpenTofu, talosctl, Kubernetes and the providers. They are decided here: `go/<name>/go.mod` and `cdktf.json`
 * repeat them, and a test compares them. The line above a version tells Renovate where newer ones are.
 */

/** A program that is built with Go. */
export interface GoTool {
  /** Folder of the go.mod and go.sum that pin it and everything in it, relative to the root of the project. */
  readonly folder: string;
  /**
   * The file in this folder that pins instead of go.mod.
   * @default "go.mod"
   */
  readonly modfile?: string;
  readonly package: string;
  /** Build tags. */
  readonly tags?: string;
  /** The linker flags of the project's own release builds. */
  readonly ldflags: string;
}

/** A provider as `required_providers` names it, with the Go module that it is built from. */
export interface ProviderPin {
  readonly source: string;
  readonly version: string;
  readonly build: GoTool;
}

/** State encryption came with OpenTofu 1.7, ephemeral values and write-only attributes with 1.11. */
export const OPENTOFU_MINIMUM = "1.11.0";

export const OPENTOFU = {
  // renovate: datasource=github-releases depName=opentofu/opentofu
  version: "1.12.6",
  releases: "https://github.com/opentofu/opentofu/releases/download",
  /** SHA-256 of `tofu_<version>_<platform>.tar.gz`, from the SHA256SUMS of the release. */
  sha256: {
    linux_amd64: "50a6106fa4de523d09c87af85f3db1dd47535fc005727fdca6852146476b88ec",
    linux_arm64: "9bd0228a81bcd0c88f7045c74378f45a815779f19897191dff7d9efba9976b9e",
    darwin_amd64: "44bb1855f372f17f365fb94517906e78da5001da10f4c98de57a39bf982f3a92",
    darwin_arm64: "f958ec5e511063be9feb180ca015a4cb7977566a9cf6a8550bba8c2a9b5aba74",
  } as Readonly<Record<string, string>>,
  build: {
    folder: "toolchain/go/opentofu",
    package: "github.com/opentofu/opentofu/cmd/tofu",
    ldflags: "-s -w -X github.com/opentofu/opentofu/version.dev=no",
  },
} as const;

/** With this version came the calls that upgrades of Talos 1.13 use. */
export const TALOSCTL_MINIMUM = "1.13.0";

// renovate: datasource=github-releases depName=siderolabs/talos
const TALOSCTL_VERSION = "1.13.9";

export const TALOSCTL = {
  version: TALOSCTL_VERSION,
  /**
   * The checksums of this release are not pinned: they are read from its `sha256sum.txt`, which is as trustworthy as the
   * connection to this server.
   */
  releases: "https://github.com/siderolabs/talos/releases/download",
  build: {
    folder: "toolchain/go/talosctl",
    package: "github.com/siderolabs/talos/cmd/talosctl",
    tags: "grpcnotrace",
    ldflags: `-s -w -X github.com/siderolabs/talos/pkg/machinery/version.Name=Talos -X github.com/siderolabs/talos/pkg/machinery/version.Tag=v${TALOSCTL_VERSION}`,
  },
} as const;

/** Where the releases of the programs below are. Their checksums are read from the list beside them, as those of talosctl. */
export const GITHUB_RELEASES = "https://github.com";

/** With 3.10 came `--filename-override` for `sops encrypt` from a pipe. */
export const SOPS = {
  // renovate: datasource=github-releases depName=getsops/sops
  version: "3.13.3",
  minimum: "3.10.0",
  build: {
    folder: "toolchain/go/sops",
    package: "github.com/getsops/sops/v3/cmd/sops",
    ldflags: "-s -w",
  },
} as const;

// renovate: datasource=github-releases depName=FiloSottile/age
const AGE_VERSION = "1.3.2";

export const AGE = {
  version: AGE_VERSION,
  minimum: "1.1.0",
  build: {
    folder: "toolchain/go/age",
    package: "filippo.io/age/cmd/age",
    ldflags: `-s -w -X main.Version=v${AGE_VERSION}`,
  },
} as const;

export const AGE_KEYGEN = {
  ...AGE,
  build: { ...AGE.build, package: "filippo.io/age/cmd/age-keygen" },
} as const;

export const TASK = {
  // renovate: datasource=github-releases depName=go-task/task
  version: "3.54.0",
  minimum: "3.40.0",
  build: {
    folder: "toolchain/go/task",
    package: "github.com/go-task/task/v3/cmd/task",
    ldflags: "-s -w",
  },
} as const;

// renovate: datasource=github-releases depName=kubernetes/kubernetes
const KUBERNETES_VERSION = "1.36.3";
const kubernetesBuild = (program: string): GoTool => ({
  folder: "toolchain/go/kubernetes",
  package: `k8s.io/kubernetes/cmd/${program}`,
  tags: "grpcnotrace",
  ldflags: `-s -w -X k8s.io/component-base/version.gitVersion=v${KUBERNETES_VERSION}`,
});

/**
 * What a Kubernetes API on this machine consists of, and its client. As with talosctl, the checksums of the releases are
 * read from beside them.
 */
export const KUBERNETES = {
  releases: "https://dl.k8s.io/release",
  "kube-apiserver": { version: KUBERNETES_VERSION, build: kubernetesBuild("kube-apiserver") },
  kubectl: { version: KUBERNETES_VERSION, build: kubernetesBuild("kubectl") },
} as const;

export const ETCD = {
  // renovate: datasource=github-releases depName=etcd-io/etcd
  version: "3.6.14",
  releases: "https://github.com/etcd-io/etcd/releases/download",
  build: {
    folder: "toolchain/go/kubernetes",
    package: "go.etcd.io/etcd/server/v3",
    tags: "grpcnotrace",
    ldflags: "-s -w",
  },
} as const;

// renovate: datasource=github-releases depName=bpg/terraform-provider-proxmox
const PROXMOX_PROVIDER_VERSION = "0.111.1";

export const PROXMOX_PROVIDER: ProviderPin = {
  source: "bpg/proxmox",
  version: PROXMOX_PROVIDER_VERSION,
  build: {
    folder: "toolchain/go/proxmox",
    package: "github.com/bpg/terraform-provider-proxmox",
    ldflags: `-s -w -X main.version=${PROXMOX_PROVIDER_VERSION}`,
  },
};

/**
 * A provider that no Go module builds. What `build` and `sources` name is a stand-in for it. It is used only where the
 * registry cannot be reached, and what it talks to is on this machine.
 *
 * No module of the toolchain imports the stand-ins. These paths are data, so that a command like `npm run bootstrap`
 * works against `npm run local -- cloudflare` without being told where the stand-in provider is.
 */
export interface StandInProviderPin extends ProviderPin {
  /** The folders that the stand-in is built from, relative to the root of the project. */
  readonly sources: readonly string[];
}

export const CLOUDFLARE_PROVIDER: StandInProviderPin = {
  source: "cloudflare/cloudflare",
  // renovate: datasource=github-releases depName=cloudflare/terraform-provider-cloudflare
  version: "5.14.0",
  build: { folder: "stand-ins/providers", package: "./cloudflare", ldflags: "-s -w" },
  sources: ["stand-ins/providers", "schemas"],
};

export const TALOS_PROVIDER: StandInProviderPin = {
  source: "siderolabs/talos",
  // renovate: datasource=github-releases depName=siderolabs/terraform-provider-talos
  version: "0.11.0",
  build: { folder: "stand-ins/providers", package: "./talos", ldflags: "-s -w" },
  sources: ["stand-ins/providers", "stand-ins/talos-config", "schemas"],
};

/** The Go version that the modules above require. */
export const GO_MINIMUM = "1.26";

export const PROVIDER_REGISTRY = "https://registry.opentofu.org";
