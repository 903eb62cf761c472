import { join } from "node:path";
import { type LoggedRun, loggedRun } from "../../run/logged-run";
import type { LocalFolder } from "./folder";

/** One node of the cluster, as the state has it. */
export interface AppliedVm {
  readonly name: string;
  readonly role: string;
  readonly vmId: number;
  readonly address: string;
  readonly host: string;
}

export interface TofuWorkspaceProps {
  readonly tofu: string;
  readonly folder: LocalFolder;
  readonly stack: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** What `tofu show -json` says, as far as it is read here. */
interface ShownState {
  readonly values?: {
    readonly outputs?: Readonly<Record<string, { readonly value: unknown }>>;
    readonly root_module?: {
      readonly resources?: readonly {
        readonly type: string;
        readonly mode: "managed" | "data";
        readonly values: { readonly name?: string; readonly vm_id?: number; readonly node_name?: string };
      }[];
    };
  };
}

type OnLine = (line: string) => void;

/** OpenTofu in the folder of a synthesized stack, with its state under `.local`. */
export class TofuWorkspace {
  constructor(private readonly props: TofuWorkspaceProps) {}

  async init(onLine: OnLine): Promise<void> {
    const path = this.props.folder.state;
    // Providers come from servers that the stand-in's CA does not vouch for.
    const env = { ...this.props.env, SSL_CERT_FILE: process.env.SSL_CERT_FILE };
    await this.run(["init", "-input=false", "-reconfigure", `-backend-config=path=${path}`], onLine, { env });
  }

  async apply(onLine: OnLine): Promise<void> {
    await this.run(["apply", "-input=false", "-auto-approve"], onLine);
  }

  /** Whether there is nothing left to do. */
  async planIsEmpty(onLine: OnLine): Promise<boolean> {
    // 0: no changes; 2: changes
    const { exitCode } = await this.run(["plan", "-input=false", "-detailed-exitcode"], onLine, {
      accept: [0, 2],
    });
    return exitCode === 0;
  }

  async vms(): Promise<readonly AppliedVm[]> {
    const { stdout } = await this.run(["show", "-json"], () => undefined);
    const { values }: ShownState = JSON.parse(stdout);
    const addresses = (values?.outputs?.node_addresses?.value ?? {}) as Readonly<Record<string, string>>;
    const controllers = (values?.outputs?.controller_nodes?.value ?? []) as readonly string[];
    return (values?.root_module?.resources ?? [])
      .filter(({ type, mode }) => mode === "managed" && type.startsWith("proxmox_") && type.endsWith("_vm"))
      .map(({ values: { name = "", vm_id = 0, node_name = "" } }) => ({
        name,
        role: controllers.includes(name) ? "controlplane" : "worker",
        vmId: vm_id,
        address: addresses[name] ?? "",
        host: node_name,
      }))
      .sort((a, b) => a.vmId - b.vmId);
  }

  private run(
    [command = "", ...args]: readonly string[],
    onLine: OnLine,
    more: Partial<Pick<LoggedRun, "env" | "accept">> = {},
  ) {
    const { tofu, folder, stack, env, signal } = this.props;
    return loggedRun({
      file: tofu,
      args: [command, ...args, "-no-color"],
      cwd: join(folder.synthesized, "stacks", stack),
      env,
      log: join(folder.logs, `${command}.log`),
      signal,
      onLine,
      ...more,
    });
  }
}
