import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { resolveTalosctl, type ToolchainOptions } from "../../toolchain";
import { platform } from "../../toolchain/context";
import { TALOSCTL } from "../../toolchain/versions";
import { type FakeMachine, fakeMachine } from "../support/fake-machine";
import { buildsOf, fakeGo, NOWHERE, talosctlScript, webServer } from "./support/fakes";

let on: FakeMachine;
let reported: string[];

beforeEach(() => {
  on = fakeMachine();
  reported = [];
});
afterEach(() => on.remove());

const resolve = (options: ToolchainOptions = {}) =>
  resolveTalosctl({
    env: on.env,
    cacheDir: on.cacheDir,
    report: (line) => reported.push(line),
    talosReleases: NOWHERE,
    ...options,
  });
const cachedTalosctl = () => join(on.cacheDir, "talosctl", TALOSCTL.version, platform(), "talosctl");

it("uses the one on PATH when it is recent", async () => {
  const path = on.program("talosctl", talosctlScript("1.13.1"));
  expect(await resolve()).toEqual({ path, version: "1.13.1", origin: "PATH" });
});

it.each([
  ["too old", talosctlScript("1.12.6"), /talosctl is talosctl 1\.12\.6, not talosctl >= 1\.13\.0: not used/],
  [
    "a beta of the minimum",
    talosctlScript("1.13.0-beta.1"),
    /1\.13\.0-beta\.1, not talosctl >= 1\.13\.0: not used/,
  ],
  ["a shim with nothing behind it", "echo no version set; exit 1", /but says:\nno version set: not used/],
])("reports and skips one on PATH that is %s", async (_case, body, line) => {
  const builds = fakeGo(on);
  on.program("talosctl", body);
  expect(await resolve()).toMatchObject({ path: cachedTalosctl(), origin: "cache" });
  expect(reported).toContainEqual(expect.stringMatching(line));
  expect(buildsOf(builds)).toHaveLength(1);
});

it("TALOSCTL wins, or is refused", async () => {
  on.program("talosctl", talosctlScript("1.14.0"));
  const mine = on.program("mine", talosctlScript("1.13.0"));
  const named = (TALOSCTL: string) => resolve({ env: { ...on.env, TALOSCTL } });
  expect(await named("mine")).toEqual({ path: mine, version: "1.13.0", origin: "TALOSCTL" });
  await expect(named("talosctk")).rejects.toThrow('TALOSCTL is "talosctk", which is not a program on PATH');
  on.program("mine", talosctlScript("1.11.0"));
  await expect(named("mine")).rejects.toThrow(/which is talosctl 1\.11\.0; >= 1\.13\.0 is needed/);
});

describe("where there is none", () => {
  const file = `talosctl-${platform().replace("_", "-")}`;
  const release = (content: string, sha256 = createHash("sha256").update(content).digest("hex")) =>
    webServer({
      [`/v${TALOSCTL.version}/${file}`]: content,
      [`/v${TALOSCTL.version}/sha256sum.txt`]: `${"0".repeat(64)}  other\n${sha256}  ${file}\n`,
    });
  const program = `#!/bin/sh\n${talosctlScript(TALOSCTL.version)}\n`;

  it("downloads the official release, once", async () => {
    const server = await release(program);
    try {
      const found = await resolve({ talosReleases: server.url });
      expect(found).toEqual({ path: cachedTalosctl(), version: TALOSCTL.version, origin: "cache" });
      expect(statSync(cachedTalosctl()).mode & 0o777).toBe(0o755);
      await resolve({ talosReleases: server.url });
      expect(server.requests).toHaveLength(2);
    } finally {
      await server.stop();
    }
  });

  it("refuses a download that is not what the list of checksums says", async () => {
    const builds = fakeGo(on);
    const server = await release(program, "a".repeat(64));
    try {
      await expect(resolve({ talosReleases: server.url })).rejects.toThrow(
        /has sha256 .*, but a{64} is expected/,
      );
      expect(existsSync(cachedTalosctl())).toBe(false);
      expect(existsSync(builds)).toBe(false);
    } finally {
      await server.stop();
    }
  });

  it("builds it from its Go module where the release cannot be reached", async () => {
    const builds = fakeGo(on);
    expect(await resolve()).toMatchObject({ path: cachedTalosctl(), origin: "cache" });
    expect(buildsOf(builds)[0]).toMatch(/^github\.com\/siderolabs\/talos\/cmd\/talosctl /);
    expect(reported).toContain(
      `talosctl ${TALOSCTL.version}: building it from its Go module, 5 to 10 minutes, once on this machine`,
    );
  });

  it("says what failed and what to do where nothing works", async () => {
    await expect(resolve()).rejects.toThrow(
      /no talosctl >= 1\.13\.0 was found[\s\S]*sha256sum\.txt cannot be reached[\s\S]*go is not on PATH[\s\S]*3\. install Go/,
    );
  });
});
