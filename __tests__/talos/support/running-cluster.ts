import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerraformOutput, TerraformStack } from "cdktf";
import { loadCluster } from "../../../config";
import { LocalBackend } from "../../../constructs/local-backend";
import { StateEncryption } from "../../../constructs/state-encryption";
import { TalosCluster } from "../../../constructs/talos-cluster";
import { TalosProvider } from "../../../constructs/talos-provider";
import { talosClusterProps } from "../../../stacks/cluster-talos";
import { type RunningTalos, startTalos, type TalosOptions } from "../../../stand-ins/talos";
import { inheritedEnv } from "../../support/inherited-env";
import { startProgram } from "../../support/running-program";
import { newApp, synthStack } from "../../support/synth";
import { TofuProject } from "../../support/tofu-project";

const PASSPHRASE = "a passphrase for the state of a test";

const node = (name: string, n: number, isController: boolean) =>
  `  - { name: ${name}, address: 10.20.1.${n}, controller: ${isController}, disk: /dev/sda, mac_addr: "bc:24:11:20:00:${n}", vm_id: 70${n} }`;

const NODES = `nodes:
${[1, 2, 3].map((n) => node(`cp-${n}`, 10 + n, true)).join("\n")}
${node("worker-1", 21, false)}
`;

const CLUSTER = `cluster_name: lab
talos_version: v1.13.0
talos_schematic: { extensions: [siderolabs/qemu-guest-agent] }
node_cidr: 10.20.0.0/22
cluster_api_addr: 10.20.1.10
proxmox_api_url: https://pve.example.internal:8006
proxmox_node: pve1
proxmox_iso_storage: local
proxmox_disk_storage: local-lvm
`;

export interface RunResult {
  readonly code: number | NodeJS.Signals;
  /** Standard output. */
  readonly out: string;
  /** Both streams. */
  readonly said: string;
}

/** A state, as far as a test changes it. */
export interface EditableState {
  readonly serial: number;
  readonly outputs: Record<string, { value: string }>;
  readonly resources: readonly {
    readonly type: string;
    // biome-ignore lint/suspicious/noExplicitAny: what a resource has depends on its type
    readonly instances: readonly { readonly attributes: any }[];
  }[];
}

/**
 * A cluster as a deploy leaves it, without its VMs: three control planes and a worker on stand-ins, their configs applied by the
 * real OpenTofu, the state encrypted in a file, and a `cluster.yaml` that says all this.
 */
export class RunningCluster {
  private constructor(
    /** With the cluster's files, its state and a home. */
    readonly folder: string,
    readonly talos: RunningTalos,
    private readonly project: TofuProject,
  ) {}

  /** @param options such as `kubernetes`, for a real Kubernetes API */
  static async start(options: Pick<TalosOptions, "kubernetes"> = {}): Promise<RunningCluster> {
    const folder = mkdtempSync(join(tmpdir(), "running-cluster-"));
    const names = [1, 2, 3].map((n) => ({ name: `cp-${n}`, address: `10.20.1.1${n}` }));
    const nodes = [...names, { name: "worker-1", address: "10.20.1.21" }];
    const talos = await startTalos({ nodes, mediumVersion: "v1.13.0", ...options });
    const project = new TofuProject({ TF_VAR_state_passphrase: PASSPHRASE }, join(folder, "stack"));
    const cluster = new RunningCluster(folder, talos, project);
    mkdirSync(cluster.home);
    try {
      cluster.configure();
      cluster.writeStack();
      await project.ok("init");
      await project.ok("apply", "-auto-approve");
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Writes `cluster.yaml`, with these lines in `talos`. Nothing is applied. */
  configure(talos = "kubernetes_version: v1.36.0"): void {
    const state = `state:\n  backend: local\n  path: ${JSON.stringify(this.project.stateFile)}\n`;
    const lines = talos
      .split("\n")
      .filter(Boolean)
      .map((line) => `  ${line}\n`);
    const text = `${CLUSTER}${state}talos:\n${lines.join("")}`;
    writeFileSync(join(this.folder, "cluster.yaml"), text);
    writeFileSync(join(this.folder, "nodes.yaml"), NODES);
  }

  /** Applies the configs of `cluster.yaml`. */
  async apply(): Promise<void> {
    this.writeStack();
    await this.project.ok("apply", "-auto-approve");
  }

  /** The value of an output in the state. */
  async output(name: string): Promise<string> {
    return (await this.project.ok("output", "-raw", name)).output;
  }

  /** Lets the state forget a resource. */
  async forget(address: string): Promise<void> {
    await this.project.ok("state", "rm", address);
  }

  /** Changes the state as OpenTofu keeps it, decrypted. */
  async editState(edit: (state: EditableState) => Promise<void>): Promise<void> {
    const state = JSON.parse((await this.project.ok("state", "pull")).output) as EditableState;
    await edit(state);
    const file = join(this.folder, "edited.tfstate");
    writeFileSync(file, JSON.stringify({ ...state, serial: state.serial + 1 }));
    await this.project.ok("state", "push", file);
    rmSync(file);
  }

  get home(): string {
    return join(this.folder, "home");
  }

  /** The environment of a command for this cluster. */
  get env(): NodeJS.ProcessEnv {
    const endpoints = this.talos.nodes.map(({ name, endpoint }) => `${name}=${endpoint}`);
    return {
      ...inheritedEnv(),
      HOME: this.home,
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? "", ".cache"),
      KUBECONFIG: undefined,
      TALOSCONFIG: undefined,
      CLUSTER_CONFIG: this.folder,
      TF_VAR_state_passphrase: PASSPHRASE,
      TALOS_API_ENDPOINTS: endpoints.join(","),
      KUBERNETES_API_ENDPOINT: this.talos.kubernetes?.endpoint,
    };
  }

  /** Runs a command of the project. @param file such as `cli/health.ts` */
  async run(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
    const program = startProgram(file, args, { env: { ...this.env, ...env } });
    let out = "";
    program.child.stdout?.on("data", (text: string) => {
      out += text;
    });
    const code = await program.ended;
    return { code, out, said: program.said() };
  }

  async stop(): Promise<void> {
    await this.talos.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private writeStack(): void {
    const { config } = loadCluster({
      clusterFile: join(this.folder, "cluster.yaml"),
      nodesFile: join(this.folder, "nodes.yaml"),
    });
    if (config.talos === undefined) throw new Error("cluster.yaml has no talos");
    const stack = new TerraformStack(newApp(), "cluster");
    new LocalBackend(stack, { path: this.project.stateFile });
    new StateEncryption(stack, "encryption", { key: { provider: "pbkdf2", keyId: "main" } });
    new TalosProvider(stack, "talos");
    const props = talosClusterProps({ ...config, talos: config.talos, vms: new Map() });
    const endpoints = new Map(this.talos.nodes.map(({ name, endpoint }) => [name, endpoint]));
    const { kubeconfig, talosconfig } = new TalosCluster(stack, "cluster", {
      ...props,
      nodes: props.nodes.map((each) => ({ ...each, apiEndpoint: endpoints.get(each.name) })),
    });
    for (const [name, value] of Object.entries({ kubeconfig, talosconfig })) {
      new TerraformOutput(stack, name, { value, sensitive: true, staticId: true });
    }
    stack.prepareStack();
    this.project.write(synthStack(stack));
  }
}
