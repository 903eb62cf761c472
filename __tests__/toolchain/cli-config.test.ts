import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type CloudflareUse, cloudflareFor, resolveToolchain, type Toolchain } from "../../toolchain";
import { platform } from "../../toolchain/context";
import { type FakeMachine, fakeMachine, versionScript } from "../support/fake-machine";
import { buildsOf, fakeGo, NOWHERE, webServer } from "./support/fakes";

let on: FakeMachine;
let builds: string;
let reported: string[];

beforeEach(() => {
  on = fakeMachine();
  reported = [];
  on.program("tofu", versionScript("OpenTofu", "1.12.6"));
  builds = fakeGo(on);
});
afterEach(() => on.remove());

const resolve = (
  env: NodeJS.ProcessEnv = {},
  registry = NOWHERE,
  cloudflare?: CloudflareUse,
): Promise<Toolchain> =>
  resolveToolchain({
    ...(cloudflare && { cloudflare }),
    env: { ...on.env, ...env },
    cacheDir: on.cacheDir,
    report: (line) => reported.push(line),
    releases: NOWHERE,
    registry,
  });
const configOf = ({ env }: Toolchain) => readFileSync(String(env.TF_CLI_CONFIG_FILE), "utf8");

describe("without a registry", () => {
  it("mirrors the provider under both hosts, and installs everything else directly", async () => {
    const toolchain = await resolve();
    const names = '["registry.opentofu.org/bpg/proxmox", "registry.terraform.io/bpg/proxmox"]';
    expect(configOf(toolchain)).toBe(
      [
        "provider_installation {",
        "  filesystem_mirror {",
        `    path    = "${on.cacheDir}/providers"`,
        `    include = ${names}`,
        "  }",
        "  direct {",
        `    exclude = ${names}`,
        "  }",
        "}",
        "",
      ].join("\n"),
    );
    for (const host of ["registry.opentofu.org", "registry.terraform.io"]) {
      const folder = join(on.cacheDir, "providers", host, "bpg/proxmox/0.111.1", platform());
      // The name that OpenTofu looks for, and executable.
      expect(statSync(join(folder, "terraform-provider-proxmox_v0.111.1")).mode & 0o100).toBe(0o100);
    }
    // `providers lock` would ask the registry.
    expect(toolchain.env).toMatchObject({ CDKTF_SKIP_PROVIDER_LOCK: "true" });
    expect(buildsOf(builds)).toHaveLength(1);
    await resolve();
    expect(buildsOf(builds)).toHaveLength(1);
  });

  it("says what to do when the provider cannot be built", async () => {
    on.program("go", "echo 'verifying module: checksum mismatch' >&2; exit 1");
    await expect(resolve()).rejects.toThrow(
      /the provider bpg\/proxmox 0\.111\.1 cannot be installed:[\s\S]*checksum mismatch[\s\S]*set TF_CLI_CONFIG_FILE/,
    );
  });

  it("checks that a built file is a provider", async () => {
    on.program("go", 'while [ "$1" != -o ]; do shift; done; echo "#!/bin/sh" > $2; chmod 755 $2');
    await expect(resolve()).rejects.toThrow(/was built, but it is not a provider/);
  });
});

describe("the cloudflare provider without a registry", () => {
  const local = { CLOUDFLARE_BASE_URL: "http://127.0.0.1:8080/client/v4" };

  it("is a stand-in for a Cloudflare on this machine, in its own mirror", async () => {
    const toolchain = await resolve(local);
    const config = configOf(toolchain);
    const [, mirror = ""] = /path += "(.*\/stand-ins\/[0-9a-f]{16})"/.exec(config) ?? [];
    for (const host of ["registry.opentofu.org", "registry.terraform.io"]) {
      expect(existsSync(join(mirror, host, "cloudflare/cloudflare/5.14.0"))).toBe(true);
      expect(config).toMatch(
        new RegExp(`exclude = .*"${host}/bpg/proxmox".*"${host}/cloudflare/cloudflare"`),
      );
    }
    expect(toolchain.summary).toContain(
      `cloudflare: stand-in provider, for local use only: ${NOWHERE} cannot be reached`,
    );
    expect(buildsOf(builds)).toHaveLength(2);
  });

  it("is not built for a command without Cloudflare", async () => {
    expect(configOf(await resolve())).not.toContain("cloudflare");
    expect(buildsOf(builds)).toHaveLength(1);
  });

  it("is never the stand-in for an account", async () => {
    await expect(resolve({}, NOWHERE, "account")).rejects.toThrow(
      /cloudflare\/cloudflare 5\.14\.0 cannot be installed[\s\S]*for a Cloudflare API on this machine only[\s\S]*TF_CLI_CONFIG_FILE/,
    );
    expect(existsSync(builds)).toBe(false);
  });

  it("fails without Go, in CI too", async () => {
    rmSync(join(on.root, "bin/go"));
    await expect(resolve({ ...local, CI: "true" })).rejects.toThrow(/go is not on PATH[\s\S]*install Go >= /);
  });
});

describe("the talos provider without a registry", () => {
  it("is a stand-in for nodes on this machine, in a mirror of its own", async () => {
    const toolchain = await resolve({ PROXMOX_VE_ENDPOINT: "https://127.0.0.1:8006/" });
    const config = configOf(toolchain);
    const [, mirror = ""] = /path += "(.*\/stand-ins\/[0-9a-f]{16})"/.exec(config) ?? [];
    expect(existsSync(join(mirror, "registry.terraform.io/siderolabs/talos/0.11.0"))).toBe(true);
    expect(toolchain.summary).toContain(
      `talos: stand-in provider, for local use only: ${NOWHERE} cannot be reached`,
    );
    expect(buildsOf(builds)).toHaveLength(2);
  });

  it("is not built for machines elsewhere", async () => {
    const toolchain = await resolve({ PROXMOX_VE_ENDPOINT: "https://pve.example.com:8006/" });
    expect(configOf(toolchain)).not.toContain("talos");
    expect(buildsOf(builds)).toHaveLength(1);
  });
});

it.each([
  ["http://127.0.0.1:1/client/v4", "local"],
  ["http://localhost:1/client/v4/", "local"],
  ["http://[::1]:1/client/v4", "local"],
  ["https://api.cloudflare.com/client/v4", "account"],
  ["http://127.example.com/client/v4", "account"],
  ["127.0.0.1", "account"],
  [undefined, "account"],
])("CLOUDFLARE_BASE_URL %s is used with: %s", (CLOUDFLARE_BASE_URL, use) => {
  expect(cloudflareFor({ CLOUDFLARE_BASE_URL })).toBe(use);
});

it("leaves providers to the registry where it can be reached", async () => {
  const server = await webServer({ "/.well-known/terraform.json": "{}" });
  try {
    const toolchain = await resolve({}, server.url, "account");
    expect(configOf(toolchain)).toBe("");
    expect(toolchain.env).not.toHaveProperty("CDKTF_SKIP_PROVIDER_LOCK");
    expect(existsSync(builds)).toBe(false);
    await resolve({}, server.url);
    expect(server.requests).toHaveLength(1); // asked once in a run
  } finally {
    await server.stop();
  }
});

describe("TF_CLI_CONFIG_FILE", () => {
  it("wins when it says where providers come from", async () => {
    const mine = on.file(
      "mine.tfrc",
      'provider_installation {\n  network_mirror { url = "https://m.example/" }\n}\n',
    );
    const toolchain = await resolve({ TF_CLI_CONFIG_FILE: mine });
    expect(toolchain.env).not.toHaveProperty("TF_CLI_CONFIG_FILE");
    expect(toolchain.summary).toContain(`providers: as ${mine} says`);
    expect(existsSync(builds)).toBe(false);
  });

  it("is used and extended when it does not", async () => {
    const mine = on.file(
      "mine.tfrc",
      '# no provider_installation here\ncredentials "x.example" {\n  token = "t"\n}\n',
    );
    const toolchain = await resolve({ TF_CLI_CONFIG_FILE: mine });
    expect(configOf(toolchain)).toMatch(
      /credentials "x\.example" \{\n {2}token = "t"\n\}\n\nprovider_installation \{/,
    );
    // It may hold credentials.
    expect(statSync(String(toolchain.env.TF_CLI_CONFIG_FILE)).mode & 0o777).toBe(0o600);
  });

  it("is reported and replaced when it names a missing file", async () => {
    const missing = join(on.root, "missing.tfrc");
    const toolchain = await resolve({ TF_CLI_CONFIG_FILE: missing });
    expect(reported).toContain(
      `TF_CLI_CONFIG_FILE names ${missing}, which does not exist; continuing without it`,
    );
    expect(configOf(toolchain)).toMatch(/^provider_installation/);
  });
});

it.each([".tofurc", ".terraformrc"])(
  "counts ~/%s, which OpenTofu would read, as the user's",
  async (name) => {
    on.file(join("home", name), 'plugin_cache_dir = "/var/cache/plugins"\n');
    expect(configOf(await resolve())).toMatch(/plugin_cache_dir[\s\S]*provider_installation \{/);
    on.file(join("home", name), "provider_installation {\n  direct {}\n}\n");
    expect((await resolve()).env).not.toHaveProperty("TF_CLI_CONFIG_FILE");
  },
);

it("counts the file in XDG_CONFIG_HOME, as OpenTofu does", async () => {
  on.file("config/opentofu/tofurc", "provider_installation {\n  direct {}\n}\n");
  const { summary } = await resolve({ XDG_CONFIG_HOME: join(on.root, "config") });
  expect(summary).toContain(`providers: as ${on.root}/config/opentofu/tofurc says`);
});
