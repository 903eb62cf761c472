import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { stringify } from "yaml";
import { addLiveOptions, type LiveOptions, refuseWithoutLive, timeoutMsOf } from "../../cli/live-options";
import { type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { selfSignedCertificate } from "../../stand-ins/talos/pki/issue";
import { talosNodes } from "../../talos/node";
import { ApiClient } from "../stand-ins/proxmox/support/api-client";
import { inheritedEnv } from "../support/inherited-env";
import { ROOT, runProgram, startProgram } from "../support/running-program";
import { waitUntil } from "../support/wait-until";
import { example } from "../topology/support/clusters";

/*
 * `npm run topology -- --live` on the six-node example: VMs on the stand-in, and a program in the place of talosctl, for nodes
 * that hang and the like. What the real one says is tested with the other commands for a running cluster.
 */

const folder = mkdtempSync(join(tmpdir(), "topology-live-"));
const inFolder = (name: string) => join(folder, name);
const picture = inFolder("picture.svg");

let proxmox: RunningProxmox;

beforeAll(async () => {
  proxmox = await startProxmox();
  const config = { memory: "2048", cores: 2, net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0" };
  for (const { vmId } of example.nodes)
    await proxmox.control.addForeignGuest({ vmid: vmId, node: "pve2", config });
  const { crt, key } = await selfSignedCertificate({ keyKind: "ed25519", usage: "client", validDays: 365 });
  const [ca, cert, secret] = [crt, crt, key].map((pem) => Buffer.from(pem).toString("base64"));
  const contexts = { talos: { ca, crt: cert, key: secret } };
  writeFileSync(inFolder("talosconfig"), stringify({ context: "talos", contexts }));
});
afterAll(async () => {
  await proxmox?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const document = (id: string, spec: unknown) =>
  JSON.stringify({ metadata: { id, version: "1" }, spec }, null, 2);

/** A talosctl of healthy nodes, but for what these lines of shell do first. */
function talosctl(first: string): string {
  const [node] = talosNodes(example, {});
  const answers: Readonly<Record<string, string>> = {
    "get machinestatuses": document("machine", { stage: "running", status: { ready: true } }),
    "get versions": document("version", { version: "v1.13.0" }),
    "get extensionstatuses": document("0", { metadata: { name: "schematic", version: node?.schematicId } }),
    "get machineconfig": document("v1alpha1", "active: true"),
    "read /proc": "boot-1",
    service: "SERVICE   STATE     HEALTH\nkubelet   Running   OK",
    "etcd members": [
      "ID   HOSTNAME   LEARNER",
      "1a   cp-1       false",
      "2b   cp-2       false",
      "3c   cp-3       false",
    ].join("\n"),
    "etcd status": "MEMBER   DB SIZE   IN USE   LEADER   ERRORS\n1a       1 MB      1 MB     1a",
    "etcd alarm": "MEMBER   ALARM",
  };
  const cases = Object.entries(answers).map(([call, answer], n) => {
    writeFileSync(inFolder(`answer-${n}`), `${answer}\n`);
    return `"${call}"*) cat ${inFolder(`answer-${n}`)};;`;
  });
  const file = inFolder("talosctl");
  const script = [
    "#!/bin/sh",
    'case "$*" in "version --client"*) echo "Talos v1.13.9"; exit;; esac',
    first,
    `case "$*" in ${cases.join("\n")} *) echo "unexpected: $*" >&2; exit 1;; esac`,
  ];
  writeFileSync(file, `${script.join("\n")}\n`);
  chmodSync(file, 0o755);
  return file;
}

const environment = () => ({
  ...inheritedEnv(),
  CLUSTER_CONFIG: join(ROOT, "examples/six-nodes"),
  // Whatever is not asked through talosctl finds nobody, and at once.
  TALOS_API_ENDPOINTS: example.nodes.map(({ name }) => `${name}=127.0.0.1:1`).join(","),
  ...proxmox.env,
});

async function live(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { code, said } = await runProgram("cli/topology.ts", ["--live", "--out", picture, ...args], {
    env: { ...environment(), ...env },
  });
  return { code, said, svg: readFileSync(picture, "utf8") };
}
const credentials = ["--talosconfig", inFolder("talosconfig")];
/** The card of a node, as markup. */
const cardOf = (svg: string, name: string) =>
  svg.slice(svg.indexOf(`<title>${name}: `)).split("<title>")[1] ?? "";

test("all nodes answer: a staged config beside a change that waits in Proxmox", async () => {
  await new ApiClient(proxmox).ok(
    new ApiClient(proxmox).put("/nodes/pve2/qemu/7011/config", { memory: 4096 }),
  );
  const staged = [document("v1alpha1", "active: true"), document("persistent", "active: false")].join("\n");
  writeFileSync(inFolder("staged"), `${staged}\n`);
  const TALOSCTL = talosctl(
    `case "$*" in "get machineconfig"*"--nodes 10.20.1.12") cat ${inFolder("staged")}; exit;; esac`,
  );
  const { code, said, svg } = await live(["--no-kubernetes", ...credentials], { TALOSCTL });
  expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/6 nodes of .*cluster\.yaml\n$/) });
  expect(svg).toMatch(/Nodes at .* UTC: 5 healthy, 1 warning; 2 restarts pending/);
  expect(cardOf(svg, "cp-2")).toMatch(
    /warning, restart pending; a staged config waits for a reboot; npm run reboot -- cp-2</,
  );
  expect(cardOf(svg, "worker-1")).toMatch(
    /healthy, restart pending; Proxmox, after the next start: memory 2048 → 4096</,
  );
  expect(cardOf(svg, "cp-1")).toMatch(/; healthy</);
});

test("a node that hangs, one that refuses, a VM that is gone and no Kubernetes: gaps, and the others are drawn", async () => {
  await proxmox.control.removeGuest(7001);
  const TALOSCTL = talosctl(`case "$*" in
    *"--nodes 10.20.1.22") sleep 600;;
    *"--nodes 10.20.1.23") echo "error: rpc error: code = Unavailable desc = connection refused" >&2; exit 1;;
  esac`);
  const { code, said, svg } = await live(["--timeout", "5", ...credentials], { TALOSCTL });
  expect(code).toBe(2);
  expect(said).toMatch(/^worker-2 \(127\.0\.0\.1:1\): talosctl .*: no answer within 5 s$/m);
  expect(said).toMatch(/^worker-3 \(127\.0\.0\.1:1\): talosctl .*: connection refused$/m);
  expect(said).toMatch(/^the Kubernetes API does not answer: no control plane made a kubeconfig/m);
  expect(said).toMatch(/^cp-1: there is no VM 7001, or the token lacks VM\.Audit on it$/m);
  expect(said).toMatch(/6 nodes of .*cluster\.yaml, with gaps$/m);
  expect(cardOf(svg, "worker-2")).toMatch(/; no answer; no answer within 5 s</);
  expect(cardOf(svg, "worker-3")).toMatch(/; no answer; connection refused</);
  expect(cardOf(svg, "cp-1")).toContain("Proxmox: there is no VM 7001");
  expect(svg).toMatch(/Nodes at .* UTC: 4 healthy, 2 no answer/);
});

test("neither Talos nor Proxmox can be asked: the picture has no health, and the messages say why", async () => {
  const { code, said, svg } = await live(["--talosconfig", inFolder("nowhere")], {
    PROXMOX_VE_API_TOKEN: "",
  });
  expect(code).toBe(2);
  expect(said).toMatch(/^the nodes could not be asked: --talosconfig \S*nowhere cannot be read: ENOENT/m);
  expect(said).toMatch(/^Proxmox could not be asked: PROXMOX_VE_API_TOKEN is not set/m);
  expect(said).not.toMatch(/^ {4}at /m);
  expect(svg).toMatch(/UTC: 6 not asked/);
});

test("Ctrl-C ends it, and draws nothing", async () => {
  const [asked, out] = [inFolder("asked"), inFolder("never.svg")];
  const TALOSCTL = talosctl(`touch ${asked}; sleep 600`);
  const program = startProgram("cli/topology.ts", ["--live", "--out", out, ...credentials], {
    env: { ...environment(), TALOSCTL },
  });
  await waitUntil(() => existsSync(asked));
  program.child.kill("SIGINT");
  const code = await program.ended;
  expect({ code, said: program.said(), isDrawn: existsSync(out) }).toEqual({
    code: 130,
    said: "stopped; nothing was drawn\n",
    isDrawn: false,
  });
});

test("an option that would do nothing is refused", async () => {
  const env = { ...inheritedEnv(), CLUSTER_CONFIG: join(ROOT, "examples/six-nodes") };
  const { code, said } = await runProgram("cli/topology.ts", ["--timeout", "5"], { env });
  const text = "--timeout is for --live: without it, nobody is asked; add --live, or leave it out";
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining(text) });
});

describe("the options of --live", () => {
  const parse = (...args: string[]) =>
    addLiveOptions(new Command().exitOverride().configureOutput({ writeErr: () => undefined }))
      .parse(args, { from: "user" })
      .opts<LiveOptions>();

  test.each([["--talosconfig=mine"], ["--kubeconfig=mine"], ["--timeout=5"], ["--no-kubernetes"]])(
    "%s is for it",
    (option) => {
      const [name = ""] = option.split("=");
      expect(() => refuseWithoutLive(parse(option))).toThrow(`${name} is for --live`);
      expect(() => refuseWithoutLive(parse("--live", option))).not.toThrow();
    },
  );

  test("nodes have ten seconds for an answer, or as many as it says", () => {
    expect(timeoutMsOf(parse("--live"))).toBe(10_000);
    expect(timeoutMsOf(parse("--live", "--timeout", "3"))).toBe(3_000);
  });

  test.each(["0", "-1", "soon", "1.5", "1000", ""])("no node has %j seconds", (text) => {
    expect(() => parse("--live", `--timeout=${text}`)).toThrow(
      `"${text}" is not a number of seconds from 1 to 999`,
    );
  });
});
