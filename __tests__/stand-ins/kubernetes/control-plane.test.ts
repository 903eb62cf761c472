import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ControlPlane } from "../../../stand-ins/kubernetes/control-plane";
import { waitUntil } from "../../support/wait-until";
import { clusterSecrets } from "../talos/support/secrets";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "control-plane-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that does nothing but note its arguments, and what the shell makes of `body`. */
function program(name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "$@" >>${file}.started\n${body}\nexec sleep 600\n`);
  chmodSync(file, 0o755);
  return file;
}

async function start(etcd: string, signal: AbortSignal): Promise<ControlPlane> {
  const { kubernetes, etcd: etcdCa, serviceAccountKey } = await clusterSecrets();
  const settings = {
    ...{ endpoint: "https://10.20.1.10:6443", ca: kubernetes, acceptedCas: [], etcdCa, serviceAccountKey },
    ...{ serviceSubnets: ["10.96.0.0/12"], certSans: [] },
  };
  const programs = { etcd, kubeApiserver: program("kube-apiserver", "") };
  return ControlPlane.start(programs, settings, join(folder, "data"), signal);
}

test("a port that another program has taken meanwhile is left to it, and others are used", async () => {
  const etcd = program(
    "etcd",
    '[ -e "$0.again" ] || { touch "$0.again"; echo "bind: address already in use"; exit 1; }',
  );
  const stop = new AbortController();
  const starting = start(etcd, stop.signal);
  const portsOf = () =>
    readFileSync(`${etcd}.started`, "utf8").match(/(?<=--listen-client-urls=\S+:)\d+/g) ?? [];
  await waitUntil(() => existsSync(`${etcd}.started`) && portsOf().length === 2);
  expect(new Set(portsOf()).size).toBe(2);
  stop.abort();
  await expect(starting).rejects.toThrow("aborted");
});

test("any other end of a program is an error, with what it said", async () => {
  const etcd = program("etcd", "echo no space left; exit 1");
  await expect(start(etcd, new AbortController().signal)).rejects.toThrow(/etcd has ended:\nno space left/);
});
