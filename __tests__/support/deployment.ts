import { ClusterStack } from "../../stacks/cluster-stack";
import type { ClusterStackProps } from "../../stacks/cluster-stack-props";
import { type ProxmoxOptions, type RunningProxmox, startProxmox } from "../../stand-ins/proxmox";
import { newApp, synthStack } from "./synth";
import { TofuProject } from "./tofu-project";

/** A cluster stack, real OpenTofu with the real provider, and a Proxmox of its own to deploy to. */
export class Deployment {
  /** Also on disk, with the state beside it. */
  readonly project: TofuProject;
  /** The environment of OpenTofu; a test may change it. */
  readonly env: Record<string, string>;

  private constructor(readonly proxmox: RunningProxmox) {
    this.env = { ...proxmox.env };
    this.project = new TofuProject(this.env);
  }

  static async start(options: ProxmoxOptions = {}): Promise<Deployment> {
    return new Deployment(await startProxmox(options));
  }

  get control() {
    return this.proxmox.control;
  }

  /** Synthesizes the stack with its state in a local file, in plain text unless told otherwise. */
  write(props: ClusterStackProps): void {
    const stack = new ClusterStack(newApp(), "cluster", {
      ...props,
      proxmox: { ...props.proxmox, endpoint: undefined },
      state: {
        encryption: { provider: "off", reason: "its plain text is looked into" },
        ...props.state,
        backend: "local",
        path: this.project.stateFile,
      },
    });
    stack.prepareStack();
    this.project.write(synthStack(stack));
  }

  /** Writes, initializes and applies, and wants success. */
  async deploy(props: ClusterStackProps): Promise<void> {
    this.write(props);
    await this.project.ok("init");
    await this.project.ok("apply", "-auto-approve");
  }

  /** Changes the program of a deployed cluster and tells what a plan would do. */
  async replan(props: ClusterStackProps, ...args: string[]): Promise<Record<string, string[]>> {
    this.write(props);
    return this.project.plannedActions(...args);
  }

  /** Guests by id, as the hosts have them. */
  async guests() {
    const guests = await this.control.listGuests();
    return new Map(guests.map((guest) => [guest.vmid, guest]));
  }

  async stop(): Promise<void> {
    await this.proxmox.stop();
    this.project.remove();
  }
}
