import { execFileSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { probe, runChecks } from "../../doctor";
import { pass } from "../../doctor/line";
import { schematicId, schematicYaml } from "../../domain/schematic";
import { ToolchainError } from "../../toolchain";
import { WITH_AGENT } from "../config/support/cluster";
import { unusedPort } from "../support/unused-port";
import { linesOf, linesOfCheck, removeSites, site } from "./support/site";

/* The checks of this machine and of the image factory, and how checks run. */

afterEach(removeSites);

test.each([
  ["v20.9.0", "pass"],
  ["v22.23.3", "pass"],
  ["v20.8.1", "fail"],
  ["v18.20.0", "fail"],
  ["v24.1.0", "fail"],
])("Node %s: %s", async (nodeVersion, status) => {
  const [line] = await linesOf("node", site({ more: { nodeVersion } }));
  expect(line).toMatch(new RegExp(`^${status} Node ${nodeVersion}`));
  if (status === "fail") expect(line).toContain("cdktf, which wants 20.9 to 22 → install Node 22");
});

describe("tools", () => {
  const tools = (more: object) => ({ more: { tools: { ...site().tools, ...more } } });
  const talosctl = (version: string) =>
    tools({ talosctl: async () => ({ path: "/t", version, origin: "TALOSCTL" }) });

  test("are named with their version and origin", async () => {
    expect(await linesOf("opentofu", site())).toEqual(["pass OpenTofu 1.12.6: /bin/tofu (PATH)"]);
    expect(await linesOf("talosctl", site())).toEqual(["pass talosctl 1.13.9: /bin/talosctl (PATH)"]);
  });

  test("that are not there are made later, which warns", async () => {
    const none = tools({ openTofu: async () => undefined, talosctl: async () => undefined });
    expect(await linesOf("opentofu", site(none))).toEqual([
      expect.stringMatching(/^warn OpenTofu is not installed; .* → npm run toolchain/),
    ]);
    expect(await linesOf("talosctl", site(none))).toEqual([
      expect.stringMatching(/^warn talosctl is not installed/),
    ]);
  });

  test("that are named and cannot be used fail", async () => {
    const refuse = async () => {
      throw new ToolchainError('TERRAFORM_BINARY_NAME is "terraform", which is Terraform; unset it');
    };
    expect(await linesOf("opentofu", site(tools({ openTofu: refuse })))).toEqual([
      'fail TERRAFORM_BINARY_NAME is "terraform", which is Terraform → unset it',
    ]);
  });

  test("talosctl that is older than the release of the nodes fails", async () => {
    const yaml = "talos_version: v1.14.0\n";
    expect(await linesOf("talosctl", site({ ...talosctl("1.13.9"), yaml }))).toEqual([
      "fail talosctl 1.13.9: /t (TALOSCTL) is older than talos_version v1.14.0 → install talosctl v1.14.0, or unset TALOSCTL",
    ]);
    expect(await linesOf("talosctl", site({ ...talosctl("1.14.2"), yaml }))).toEqual([
      expect.stringMatching(/^pass/),
    ]);
  });
});

describe("the image factory", () => {
  const CUSTOM = { extensions: ["siderolabs/qemu-guest-agent"], kernelArgs: ["net.ifnames=0", "a=it's"] };
  const custom = (valid: string) =>
    `${valid.replaceAll(/ {4}schematic_id: .*\n/g, "")}talos_schematic: { extensions: [siderolabs/qemu-guest-agent], kernel_args: [net.ifnames=0, "a=it's"] }\n`;

  /** A factory that knows these schematics, or answers all with one status. */
  async function withFactory<T>(
    known: readonly string[] | number,
    work: (url: string) => Promise<T>,
  ): Promise<T> {
    const server = createServer((request, response) => {
      const id = /^\/schematics\/(\w+)$/.exec(request.url ?? "")?.[1] ?? "";
      response.statusCode = typeof known === "number" ? known : known.includes(id) ? 200 : 404;
      response.end("customization: {}\n");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
  const check = (known: readonly string[] | number, yaml?: (valid: string) => string) =>
    withFactory(known, (factoryUrl) =>
      linesOf("image-factory", site({ ...(yaml && { yaml }), more: { factoryUrl } })),
    );

  test("knows the schematic, by its id and by what is in it", async () => {
    expect(await check([WITH_AGENT])).toEqual([
      expect.stringMatching(/^pass http:\S+ knows schematic ce4c980550dd…$/),
    ]);
    expect(await check([schematicId(CUSTOM)], custom)).toEqual([expect.stringMatching(/^pass/)]);
  });

  test("that does not know it fails, with the way to tell it", async () => {
    expect(await check([])).toEqual([
      expect.stringMatching(/^fail .* does not know schematic ce4c980550dd….* → copy schematic_id/),
    ]);
    const [line = ""] = await check([], custom);
    expect(line).toMatch(
      /→ tell it: curl -X POST --data-binary \$'customization:\\n.*' http:\S+\/schematics$/,
    );
    const [, argument = ""] = /--data-binary (\$'.*') http/.exec(line) ?? [];
    expect(execFileSync("bash", ["-c", `printf %s ${argument}`], { encoding: "utf8" })).toBe(
      schematicYaml(CUSTOM),
    );
  });

  test("that does not answer, or with something else, is a check that was not made", async () => {
    expect(await check(503)).toEqual([expect.stringMatching(/^warn not checked: \S+ answers 503/)]);
    const factoryUrl = `http://127.0.0.1:${await unusedPort()}`;
    expect(await linesOf("image-factory", site({ more: { factoryUrl } }))).toEqual([
      expect.stringMatching(
        /^warn not checked: \S+ does not answer here \(.*ECONNREFUSED.*\) → see that the Proxmox hosts reach it/,
      ),
    ]);
  });
});

test("a probe: a machine that accepts or refuses answers, nobody does not", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const open = (server.address() as AddressInfo).port;
  expect(await probe("127.0.0.1", [open])).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(await probe("127.0.0.1", [open])).toBe(true);
  // Linux and macOS let no connection out to it.
  expect(await probe("255.255.255.255", [open])).toBe(false);
});

test("warnings of cluster.yaml are lines too", async () => {
  const [first, ...others] = await linesOf("config", site({ yaml: "nobody_knows_it: 1\n" }));
  expect(first).toMatch(/^pass \S+cluster\.yaml: cluster \S+, 4 nodes$/);
  expect(others.join()).toMatch(/^warn .*nobody_knows_it/);
});

test("checks run side by side, and an error of one is a line of its own", async () => {
  const gate = new EventEmitter();
  const opened = once(gate, "open");
  const waiting: string[] = [];
  const findings = await runChecks({
    site: site(),
    intervalMs: 10,
    onWaiting: (names) => {
      waiting.push(names.join());
      if (names.join() === "first") gate.emit("open");
    },
    checks: [
      // Ends only when the others have ended.
      { name: "first", about: "", run: () => opened.then(() => [pass("done")]) },
      { name: "second", about: "", run: async () => Promise.reject(new Error("it broke; mend it")) },
    ],
  });
  expect(findings).toEqual([
    { check: "first", lines: [{ status: "pass", text: "done" }] },
    { check: "second", lines: [{ status: "fail", text: "it broke", fix: "mend it" }] },
  ]);
  expect(waiting.at(-1)).toBe("first");
  const broken = { name: "x", about: "", run: () => Promise.reject("no error at all") };
  expect(await linesOfCheck(broken, site())).toEqual(["fail no error at all"]);
});
