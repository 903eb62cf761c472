import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type KubernetesProgram, resolveKubernetes, type ToolchainOptions } from "../../toolchain";
import { platform } from "../../toolchain/context";
import { ETCD, KUBERNETES } from "../../toolchain/versions";
import { type FakeMachine, fakeMachine } from "../support/fake-machine";
import { buildsOf, fakeGo, NOWHERE, webServer } from "./support/fakes";

let on: FakeMachine;
let reported: string[];

beforeEach(() => {
  on = fakeMachine();
  reported = [];
});
afterEach(() => on.remove());

const resolve = (program: KubernetesProgram, options: ToolchainOptions = {}) =>
  resolveKubernetes(program, {
    env: on.env,
    cacheDir: on.cacheDir,
    report: (line) => reported.push(line),
    kubernetesReleases: NOWHERE,
    etcdReleases: NOWHERE,
    ...options,
  });
const { version } = KUBERNETES.kubectl;
const cached = (program: KubernetesProgram) =>
  join(on.cacheDir, program, program === "etcd" ? ETCD.version : version, platform(), program);
const sha256 = (content: Buffer | string) => createHash("sha256").update(content).digest("hex");
const says = (line: string) => `echo "${line}"`;

it.each([
  ["kubectl", "Client Version: v1.35.2"],
  ["kube-apiserver", "Kubernetes v1.36.0"],
  ["etcd", "etcd Version: 3.6.8"],
] as const)("uses the %s on PATH when it is recent", async (program, line) => {
  const path = on.program(program, says(line));
  expect(await resolve(program)).toBe(path);
});

it("reports and skips one on PATH that is too old, and builds it from its Go module", async () => {
  const builds = fakeGo(on);
  on.program("kubectl", says("Client Version: v1.32.4-dispatcher"));
  on.program("etcd", "echo no version set; exit 1");
  for (const program of ["kubectl", "etcd", "kube-apiserver"] as const) {
    expect(await resolve(program)).toBe(cached(program));
  }
  expect(reported).toContainEqual(
    expect.stringMatching(/kubectl is kubectl 1\.32\.4-dispatcher, not kubectl >= 1\.35\.0: not used$/),
  );
  expect(reported).toContainEqual(expect.stringMatching(/but says:\nno version set: not used$/));
  expect(buildsOf(builds).map((line) => line.split(" ")[0])).toEqual([
    "k8s.io/kubernetes/cmd/kubectl",
    "go.etcd.io/etcd/server/v3",
    "k8s.io/kubernetes/cmd/kube-apiserver",
  ]);
});

describe("where there is none", () => {
  it("downloads the official release of Kubernetes, once", async () => {
    const path = `/v${version}/bin/${platform().replace("_", "/")}/kubectl`;
    const program = `#!/bin/sh\n${says(`Client Version: v${version}`)}\n`;
    const server = await webServer({ [path]: program, [`${path}.sha256`]: sha256(program) });
    try {
      for (const _ of [1, 2]) {
        expect(await resolve("kubectl", { kubernetesReleases: server.url })).toBe(cached("kubectl"));
      }
      expect(server.requests).toEqual([`${path}.sha256`, path]);
    } finally {
      await server.stop();
    }
  });

  it("unpacks the official release of etcd", async () => {
    const name = `etcd-v${ETCD.version}-${platform().replace("_", "-")}`;
    mkdirSync(join(on.root, name));
    writeFileSync(join(on.root, name, "etcd"), `#!/bin/sh\n${says(`etcd Version: ${ETCD.version}`)}\n`, {
      mode: 0o755,
    });
    const archive = execFileSync("tar", ["-czf", "-", "-C", on.root, name]);
    const folder = `/v${ETCD.version}`;
    const list = `${"0".repeat(64)}  other\n${sha256(archive)}  ${name}.tar.gz\n`;
    const server = await webServer({
      [`${folder}/${name}.tar.gz`]: archive,
      [`${folder}/SHA256SUMS`]: list,
    });
    try {
      expect(await resolve("etcd", { etcdReleases: server.url })).toBe(cached("etcd"));
      expect(readFileSync(cached("etcd"), "utf8")).toContain("etcd Version");
    } finally {
      await server.stop();
    }
  });

  it("refuses a download that is not what its checksum says", async () => {
    const path = `/v${version}/bin/${platform().replace("_", "/")}/kubectl`;
    const server = await webServer({ [path]: "another", [`${path}.sha256`]: "a".repeat(64) });
    try {
      await expect(resolve("kubectl", { kubernetesReleases: server.url })).rejects.toThrow(
        /has sha256 .*, but a{64} is expected/,
      );
      expect(existsSync(cached("kubectl"))).toBe(false);
    } finally {
      await server.stop();
    }
  });

  it("says what failed and what to do where nothing works", async () => {
    await expect(resolve("kube-apiserver")).rejects.toThrow(
      /no kube-apiserver >= 1\.36\.0 was found[\s\S]*kube-apiserver\.sha256 cannot be reached[\s\S]*go is not on PATH[\s\S]*3\. install Go/,
    );
  });
});
