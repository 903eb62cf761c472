/**
 * What the toolchain is made of: the only place that holds these versions and checksums.
 * `go/<name>/go.mod` and `cdktf.json` repeat the versions, and a test holds them to these.
 */

/** A program that can be built with Go; the folder `go/<module>` holds the go.mod and go.sum that pin it. */
export interface GoTool {
  readonly module: string;
  readonly package: string;
  /** Linker flags of the project's own release builds. */
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
  version: "1.12.6",
  releases: "https://github.com/opentofu/opentofu/releases/download",
  /** Of `tofu_<version>_<platform>.tar.gz`, from the release's SHA256SUMS. */
  sha256: {
    linux_amd64: "50a6106fa4de523d09c87af85f3db1dd47535fc005727fdca6852146476b88ec",
    linux_arm64: "9bd0228a81bcd0c88f7045c74378f45a815779f19897191dff7d9efba9976b9e",
    darwin_amd64: "44bb1855f372f17f365fb94517906e78da5001da10f4c98de57a39bf982f3a92",
    darwin_arm64: "f958ec5e511063be9feb180ca015a4cb7977566a9cf6a8550bba8c2a9b5aba74",
  } as Readonly<Record<string, string>>,
  build: {
    module: "opentofu",
    package: "github.com/opentofu/opentofu/cmd/tofu",
    ldflags: "-s -w -X github.com/opentofu/opentofu/version.dev=no",
  },
} as const;

export const PROXMOX_PROVIDER: ProviderPin = {
  source: "bpg/proxmox",
  version: "0.111.1",
  build: {
    module: "proxmox",
    package: "github.com/bpg/terraform-provider-proxmox",
    ldflags: "-s -w -X main.version=0.111.1",
  },
};

/** Served by our stand-in where no registry can be reached, and only for a Cloudflare on this machine. */
export const CLOUDFLARE_PROVIDER: ProviderPin = {
  source: "cloudflare/cloudflare",
  version: "5.14.0",
  build: { module: "../../stand-ins/providers", package: "./cloudflare", ldflags: "-s -w" },
};

/** Go that the modules in `go/` and `stand-ins/providers` ask for. */
export const GO_MINIMUM = "1.26";

export const PROVIDER_REGISTRY = "https://registry.opentofu.org";
