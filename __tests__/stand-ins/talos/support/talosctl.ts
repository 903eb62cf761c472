import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { runGroup } from "../../../../process/process-group";
import type { TalosOptions } from "../../../../stand-ins/talos";
import { resolveTalosctl } from "../../../../toolchain";
import { TestCluster } from "./cluster";
import { type MainDocument, machineConfig } from "./machine-config";

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stand-in cluster, with the real talosctl to drive it. Nodes whose name starts with `cp` become control plane nodes. */
export class TalosctlCluster {
  private constructor(
    readonly cluster: TestCluster,
    /** With a talosconfig that has no endpoints and no nodes. */
    readonly folder: string,
    private readonly names: readonly string[],
    private readonly program: string,
  ) {}

  static async start(names: readonly string[], options: TalosOptions = {}): Promise<TalosctlCluster> {
    const program = (await resolveTalosctl({ report: (line) => process.stderr.write(`${line}\n`) })).path;
    const cluster = await TestCluster.start({
      nodes: names.map((name) => ({ name })),
      platform: "nocloud",
      ...options,
    });
    const folder = mkdtempSync(join(tmpdir(), "talosctl-"));
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const { secrets, admin } = cluster;
    const context = {
      endpoints: [],
      ca: base64(secrets.os.crt),
      crt: base64(admin.crt),
      key: base64(admin.key),
    };
    writeFileSync(join(folder, "talosconfig"), stringify({ context: "lab", contexts: { lab: context } }));
    return new TalosctlCluster(cluster, folder, names, program);
  }

  /** Runs talosctl. @returns without its warnings that client and server have different versions */
  async run(args: readonly string[]): Promise<Ran> {
    const env = { ...process.env, TALOSCONFIG: join(this.folder, "talosconfig"), HOME: this.folder };
    const { exitCode, stdout, stderr } = await runGroup(this.program, args, { env });
    return { exitCode, stdout, stderr: stderr.replace(/^WARNING: .*\n/gm, "") };
  }

  /** On a node of the cluster, through the first control plane node unless another one is named. */
  on(index: number, args: string, through = 0): Promise<Ran> {
    const { cluster } = this;
    return this.run([
      ...args.split(" "),
      ...["-e", cluster.node(through).endpoint, "-n", cluster.node(index).address],
    ]);
  }

  /** @returns what it wrote to stdout @throws where the exit code is not 0 */
  async ok(index: number, args: string, through = 0): Promise<string> {
    const { exitCode, stdout, stderr } = await this.on(index, args, through);
    if (exitCode !== 0) throw new Error(`talosctl ${args}: ${exitCode}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Without credentials, talosctl takes the nodes for endpoints. */
  insecure(index: number, args: string): Promise<Ran> {
    return this.run([...args.split(" "), "--insecure", "-n", this.cluster.node(index).endpoint]);
  }

  /** Writes a configuration for a node. @returns the file */
  writeConfig(index: number, change?: (main: MainDocument) => void, hostname = this.names[index]): string {
    const type = this.names[index]?.startsWith("cp") ? "controlplane" : "worker";
    const file = join(this.folder, `${this.names[index]}.yaml`);
    writeFileSync(file, machineConfig(this.cluster.secrets, type, { hostname, change }));
    return file;
  }

  /** Configures all nodes and bootstraps etcd on the first one. */
  async setUp(): Promise<void> {
    const { cluster } = this;
    for (const [index, name] of this.names.entries()) {
      const type = name.startsWith("cp") ? "controlplane" : "worker";
      await cluster.configure(index, machineConfig(cluster.secrets, type, { hostname: name }));
    }
    await cluster.secure(0).unary("Bootstrap");
  }

  /** Waits for a boot other than the one with this ID. */
  rebooted(index: number, bootId: string): Promise<void> {
    return this.cluster.until(index, (node) => node.bootId !== bootId && node.reachable);
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
