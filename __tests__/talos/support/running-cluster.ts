import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerraformOutput, TerraformStack } from "cdktf";
import { type ClusterConfig, loadCluster } from "../../../config";
import { LocalBackend } from "../../../constructs/local-backend";
import { StateEncryption } from "../../../constructs/state-encryption";
import { TalosCluster } from "../../../constructs/talos-cluster";
import { TalosProvider } from "../../../constructs/talos-provider";
import { schematicId } from "../../../domain/schematic";
import { ClusterStack } from "../../../stacks/cluster-stack";
import { type ClusterTalosSource, talosClusterProps } from "../../../stacks/cluster-talos";
import { runNodesOnVms } from "../../../stand-ins/nodes-of-vms";
import { type RunningProxmox, startProxmox } from "../../../stand-ins/proxmox";
import { type RunningTalos, startTalos, type TalosOptions } from "../../../stand-ins/talos";
import { inheritedEnv } from "../../support/inherited-env";
import { QUICK_KEY } from "../../support/quick-key";
import { ROOT, startProgram, TYPESCRIPT } from "../../support/running-program";
import { newApp, synthStack } from "../../support/synth";
import { TofuProject } from "../../support/tofu-project";

const PASSPHRASE = "a passphrase for the state of a test";

const node = (name: string, n: number, isController: boolean) =>
  `  - { name: ${name}, address: 10.20.1.${n}, controller: ${isController}, disk: /dev/sda, mac_addr: "bc:24:11:20:00:${n}", vm_id: 70${n} }`;

const NODES = `nodes:
${[1, 2, 3].map((n) => node(`cp-${n}`, 10 + n, true)).join("\n")}
${node("worker-1", 21, false)}
`;

const SCHEMATIC = { extensions: ["siderolabs/qemu-guest-agent"] };

const CLUSTER = `cluster_name: lab
talos_version: v1.13.0
talos_schematic: ${JSON.stringify(SCHEMATIC)}
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

export interface RunningClusterOptions extends Pick<TalosOptions, "kubernetes"> {
  /** Whether the nodes run on VMs, and the folder is a project that can deploy them. @default false */
  readonly vms?: boolean;
}

/**
 * A cluster as a deploy leaves it: three control planes and a worker on stand-ins, their configs applied by the real OpenTofu, the
 * state encrypted in a file, and a `cluster.yaml` that says all this.
 */
export class RunningCluster {
  private constructor(
    /** With the cluster's files, its state and a home. */
    readonly folder: string,
    readonly talos: RunningTalos,
    /** What its VMs run on; undefined where it has none. */
    readonly proxmox: RunningProxmox | undefined,
    private readonly project: TofuProject,
    /** What OpenTofu gets in its environment. */
    private readonly variables: Record<string, string | undefined>,
  ) {}

  static async start({ vms = false, ...options }: RunningClusterOptions = {}): Promise<RunningCluster> {
    const folder = mkdtempSync(join(tmpdir(), "running-cluster-"));
    const names = [1, 2, 3].map((n) => ({ name: `cp-${n}`, address: `10.20.1.1${n}` }));
    const nodes = [...names, { name: "worker-1", address: "10.20.1.21" }];
    const image = { mediumVersion: "v1.13.0", mediumSchematic: schematicId(SCHEMATIC) };
    const platform = vms ? "nocloud" : "metal";
    const talos = await startTalos({ nodes, ...image, platform, poweredOn: !vms, ...options });
    const proxmox = vms ? await startProxmox() : undefined;
    if (proxmox) runNodesOnVms(proxmox, talos);
    const env: Record<string, string | undefined> = {
      TF_VAR_state_passphrase: PASSPHRASE,
      TF_ENCRYPTION: QUICK_KEY,
      ...proxmox?.env,
    };
    // Where cdktf puts the stack of a project.
    const project = new TofuProject(env, join(folder, "cdktf.out/stacks/cluster"));
    const cluster = new RunningCluster(folder, talos, proxmox, project, env);
    try {
      cluster.makeProject();
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
    const state = `state:\n  backend: local\n  path: ${JSON.stringify(this.stateFile)}\n`;
    const lines = talos
      .split("\n")
      .filter(Boolean)
      .map((line) => `  ${line}\n`);
    const text = `${CLUSTER}${state}talos:\n${lines.join("")}`;
    writeFileSync(join(this.folder, "cluster.yaml"), text);
    writeFileSync(join(this.folder, "nodes.yaml"), NODES);
  }

  /** Applies the configs of `cluster.yaml`. @param variables more of them, from now on */
  async apply(variables: Readonly<Record<string, string>> = {}): Promise<void> {
    Object.assign(this.variables, variables);
    this.writeStack();
    await this.project.ok("apply", "-auto-approve");
  }

  /** What a plan of the program would do that stands there since the last apply or deploy. */
  plannedActions = () => this.project.plannedActions();

  /** The addresses of what is in the state. */
  resources = async (): Promise<readonly string[]> =>
    (await this.project.ok("state", "list")).output.trim().split("\n");

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

  private get stateFile(): string {
    return join(this.folder, "cluster.tfstate");
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
      PATH: [join(ROOT, "node_modules/.bin"), process.env.PATH].join(":"),
      ...this.proxmox?.env,
      TF_VAR_state_passphrase: PASSPHRASE,
      TF_ENCRYPTION: QUICK_KEY,
      TALOS_API_ENDPOINTS: endpoints.join(","),
      KUBERNETES_API_ENDPOINT: this.talos.kubernetes?.endpoint,
    };
  }

  /** Runs a command of the project. @param file such as `cli/health.ts` */
  async run(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
    const program = startProgram(file, args, { cwd: this.folder, env: { ...this.env, ...env } });
    let out = "";
    program.child.stdout?.on("data", (text: string) => {
      out += text;
    });
    const code = await program.ended;
    return { code, out, said: program.said() };
  }

  async stop(): Promise<void> {
    await this.talos.stop();
    await this.proxmox?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The files of a project that a deploy needs. */
  private makeProject(): void {
    mkdirSync(this.home);
    const app = `node ${TYPESCRIPT.join(" ")} main.ts`;
    const cdktf = { language: "typescript", app, sendCrashReports: "false" };
    writeFileSync(join(this.folder, "cdktf.json"), JSON.stringify(cdktf));
    const main = `const { main } = require(${JSON.stringify(join(ROOT, "main.ts"))});\nvoid main(process.env);\n`;
    writeFileSync(join(this.folder, "main.ts"), main);
  }

  private writeStack(): void {
    const { config } = loadCluster({
      clusterFile: join(this.folder, "cluster.yaml"),
      nodesFile: join(this.folder, "nodes.yaml"),
    });
    const { talos } = config;
    if (talos === undefined) throw new Error("cluster.yaml has no talos");
    const endpoints = new Map(this.talos.nodes.map(({ name, endpoint }) => [name, endpoint]));
    const stack = this.proxmox
      ? new ClusterStack(newApp(), "cluster", {
          ...config,
          proxmox: { ...config.proxmox, endpoint: undefined },
          nodes: config.nodes.map((each) => ({
            ...each,
            talos: { ...each.talos, apiEndpoint: endpoints.get(each.name) },
          })),
        })
      : this.stackWithoutVms({ ...config, talos }, endpoints);
    stack.prepareStack();
    this.project.write(synthStack(stack));
  }

  private stackWithoutVms(
    config: ClusterConfig & Pick<ClusterTalosSource, "talos">,
    endpoints: ReadonlyMap<string, string>,
  ): TerraformStack {
    const stack = new TerraformStack(newApp(), "cluster");
    new LocalBackend(stack, { path: this.stateFile });
    new StateEncryption(stack, "encryption", { key: { provider: "pbkdf2", keyId: "main" } });
    new TalosProvider(stack, "talos");
    const props = talosClusterProps({ ...config, vms: new Map() });
    const { kubeconfig, talosconfig } = new TalosCluster(stack, "cluster", {
      ...props,
      nodes: props.nodes.map((each) => ({ ...each, apiEndpoint: endpoints.get(each.name) })),
    });
    const names = [...endpoints.keys()].join();
    for (const [name, value] of Object.entries({ kubeconfig, talosconfig, names })) {
      if (value !== undefined) new TerraformOutput(stack, name, { value, sensitive: true, staticId: true });
    }
    return stack;
  }
}
