import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { resolveForSynth, resolveToolchain, type ToolchainOptions } from "../../toolchain";
import { platform } from "../../toolchain/context";
import { type FakeMachine, fakeMachine, versionScript } from "../support/fake-machine";
import { buildsOf, fakeGo, NOWHERE, releaseArchive, webServer } from "./support/fakes";

let on: FakeMachine;
let reported: string[];

beforeEach(() => {
  on = fakeMachine();
  reported = [];
});
afterEach(() => on.remove());

const resolve = (options: ToolchainOptions = {}) =>
  resolveToolchain({
    env: on.env,
    cacheDir: on.cacheDir,
    report: (line) => reported.push(line),
    releases: NOWHERE,
    registry: NOWHERE,
    ...options,
  });
const cachedTofu = () => join(on.cacheDir, "opentofu", "1.12.6", platform(), "tofu");
const leftBehind = () => (existsSync(dirname(cachedTofu())) ? readdirSync(dirname(cachedTofu())) : []);

test("OpenTofu collects garbage less often, unless the user has said how often", async () => {
  fakeGo(on);
  on.program("tofu", versionScript("OpenTofu", "1.13.0"));
  expect((await resolve()).env).toMatchObject({ GOGC: "400", GOMEMLIMIT: "1GiB" });
  for (const own of [{ GOGC: "50" }, { GOMEMLIMIT: "200MiB" }]) {
    const { env } = await resolve({ env: { ...on.env, ...own } });
    expect([env.GOGC, env.GOMEMLIMIT]).toEqual([undefined, undefined]);
  }
});

describe("TERRAFORM_BINARY_NAME", () => {
  it("wins over a tofu on PATH", async () => {
    fakeGo(on);
    on.program("tofu", versionScript("OpenTofu", "1.13.0"));
    const mine = on.program("my-tofu", versionScript("OpenTofu", "1.11.0"));
    const { tofu, origin, env } = await resolve({ env: { ...on.env, TERRAFORM_BINARY_NAME: "my-tofu" } });
    expect({ tofu, origin }).toEqual({ tofu: mine, origin: "TERRAFORM_BINARY_NAME" });
    expect(env).toMatchObject({ TERRAFORM_BINARY_NAME: mine, CHECKPOINT_DISABLE: "1" });
  });

  it.each([
    ["1.10.9", "OpenTofu", /which is OpenTofu 1\.10\.9; >= 1\.11\.0 is needed/],
    ["1.9.0", "OpenTofu", /which is OpenTofu 1\.9\.0; >= 1\.11\.0 is needed/],
    ["1.11.0-beta1", "OpenTofu", /which is OpenTofu 1\.11\.0-beta1; >= 1\.11\.0 is needed/],
    ["1.14.3", "Terraform", /which is Terraform 1\.14\.3; state encryption needs OpenTofu >= 1\.11\.0/],
  ])("is refused when it names %s of %s", async (version, product, message) => {
    fakeGo(on);
    on.program("mine", versionScript(product, version));
    await expect(resolve({ env: { ...on.env, TERRAFORM_BINARY_NAME: "mine" } })).rejects.toThrow(message);
  });

  it("is refused when it names nothing, or something else", async () => {
    on.program("mine", "echo hello");
    await expect(resolve({ env: { ...on.env, TERRAFORM_BINARY_NAME: "tofoo" } })).rejects.toThrow(
      'TERRAFORM_BINARY_NAME is "tofoo", which is not a program on PATH; correct it or unset it',
    );
    await expect(resolve({ env: { ...on.env, TERRAFORM_BINARY_NAME: "mine" } })).rejects.toThrow(
      /-version names neither OpenTofu nor Terraform, but says:\nhello/,
    );
  });
});

describe("tofu on PATH", () => {
  it("is used when it is recent, under the warnings of a broken CLI configuration too", async () => {
    fakeGo(on);
    const tofu = on.program(
      "tofu",
      `echo "There are some problems with the CLI configuration:"; ${versionScript("OpenTofu", "1.12.0")}`,
    );
    expect(await resolve()).toMatchObject({ tofu, version: "1.12.0", origin: "PATH" });
  });

  it.each([
    [
      "too old",
      versionScript("OpenTofu", "1.8.2"),
      /tofu is OpenTofu 1\.8\.2, not OpenTofu >= 1\.11\.0: not used/,
    ],
    ["a shim with nothing behind it", "echo no version set; exit 1", /but says:\nno version set: not used/],
  ])("is reported and skipped when it is %s", async (_case, body, line) => {
    const builds = fakeGo(on);
    on.program("tofu", body);
    expect(await resolve()).toMatchObject({ tofu: cachedTofu(), origin: "cache" });
    expect(reported.join("\n")).toMatch(line);
    expect(buildsOf(builds)[0]).toMatch(/cmd\/tofu/);
  });
});

describe("the official release", () => {
  it("is downloaded once, checked and kept, where it can be reached", async () => {
    const builds = fakeGo(on);
    const { path, archive, sha256 } = releaseArchive(on);
    const server = await webServer({ [path]: archive });
    try {
      expect(await resolve({ releases: server.url, sha256 })).toMatchObject({
        tofu: cachedTofu(),
        origin: "cache",
      });
      expect(await resolve({ releases: server.url, sha256 })).toMatchObject({ tofu: cachedTofu() });
      expect(server.requests).toEqual([path]);
      expect(leftBehind()).toEqual(["tofu"]);
      expect(buildsOf(builds).join()).not.toContain("cmd/tofu");
    } finally {
      await server.stop();
    }
  });

  it("is an error, and is deleted, when the checksum differs", async () => {
    const builds = fakeGo(on);
    const { path, archive } = releaseArchive(on);
    const server = await webServer({ [path]: archive });
    try {
      const sha256 = { [platform()]: "0".repeat(64) };
      await expect(resolve({ releases: server.url, sha256 })).rejects.toThrow(
        /has sha256 [0-9a-f]{64}, but 0{64} is expected; the download was deleted/,
      );
      expect(leftBehind()).toEqual([]);
      expect(existsSync(builds)).toBe(false);
    } finally {
      await server.stop();
    }
  });

  it("is an error when the binary in it is another version", async () => {
    const { path, archive, sha256 } = releaseArchive(on, "1.12.5");
    const server = await webServer({ [path]: archive });
    try {
      await expect(resolve({ releases: server.url, sha256 })).rejects.toThrow(
        "OpenTofu 1.12.6 was expected, but it says OpenTofu 1.12.5",
      );
      expect(leftBehind()).toEqual([]);
    } finally {
      await server.stop();
    }
  });

  it("is replaced by the build when the server does not have the file", async () => {
    const builds = fakeGo(on);
    const server = await webServer({});
    try {
      expect(await resolve({ releases: server.url })).toMatchObject({ tofu: cachedTofu() });
      expect(reported.join("\n")).toContain(".tar.gz cannot be reached: HTTP 404");
      expect(buildsOf(builds)[0]).toMatch(/cmd\/tofu/);
    } finally {
      await server.stop();
    }
  });
});

describe("the build", () => {
  it("reports its progress", async () => {
    fakeGo(on, { seconds: 0.5 });
    await resolve({ heartbeatMs: 50 });
    expect(reported).toContainEqual(
      expect.stringMatching(/^OpenTofu 1\.12\.6: building: \d+s, 1 modules fetched, 1 packages compiled$/),
    );
  });

  it("does not count when the binary is not what was asked for", async () => {
    fakeGo(on, { tofuVersion: "1.12.6-dev" });
    await expect(resolve()).rejects.toThrow("OpenTofu 1.12.6 was expected, but it says OpenTofu 1.12.6-dev");
    expect(leftBehind()).toEqual([]);
  });
});

it("names three remedies on a machine without tofu, Go and network", async () => {
  const error = await resolve().catch((error: Error) => error);
  expect(String(error).replaceAll(platform(), "PLATFORM")).toBe(
    [
      "ToolchainError: no OpenTofu >= 1.11.0 was found, and none can be downloaded or built:",
      "  - TERRAFORM_BINARY_NAME is not set, and no usable tofu is on PATH",
      `  - ${NOWHERE}/v1.12.6/tofu_1.12.6_PLATFORM.tar.gz cannot be reached: connect ECONNREFUSED 127.0.0.1:3`,
      "  - go is not on PATH",
      "do one of these:",
      "  1. install OpenTofu (https://opentofu.org/docs/intro/install), or set TERRAFORM_BINARY_NAME to a tofu",
      `  2. make ${NOWHERE} reachable, for example by HTTPS_PROXY`,
      "  3. install Go >= 1.26, with a Go module proxy that can be reached (GOPROXY)",
    ].join("\n"),
  );
  expect(leftBehind()).toEqual([]);
});

it("shows the error of go when the module proxy cannot be reached", async () => {
  on.program("go", 'echo "dial tcp: lookup modules.example.com: no such host" >&2; exit 1');
  await expect(resolve()).rejects.toThrow(
    /go build github\.com\/opentofu\/opentofu\/cmd\/tofu failed:\n\s+dial tcp: lookup modules\.example\.com: no such host\ndo one of these/,
  );
});

it("does not make anything for a synth", async () => {
  const builds = fakeGo(on);
  const context = { env: on.env, cacheDir: on.cacheDir };
  expect(await resolveForSynth(context)).toEqual({ CHECKPOINT_DISABLE: "1", TF_CLI_CONFIG_FILE: "" });
  const tofu = on.program("tofu", versionScript("OpenTofu", "1.12.6"));
  expect(await resolveForSynth(context)).toMatchObject({ TERRAFORM_BINARY_NAME: tofu });
  expect(existsSync(builds)).toBe(false);
});
