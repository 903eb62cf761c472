import { rmSync } from "node:fs";
import { join } from "node:path";
import { type LoggedRun, loggedRun } from "./logged-run";

export interface TofuProps {
  /** Absolute path of OpenTofu. */
  readonly file: string;
  /** Folder of the synthesized stack. */
  readonly stackFolder: string;
  /** Folder that gets one log per command. */
  readonly logs: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** The command to type again when a step failed. */
  readonly again: string;
}

type OnLine = (line: string) => void;

/** The part of the output of `tofu show -json` that is read here. */
export interface ShownState {
  readonly values?: {
    readonly outputs?: Readonly<Record<string, { readonly value: unknown }>>;
    readonly root_module?: { readonly resources?: readonly ShownResource[] };
  };
}

export interface ShownResource {
  readonly address: string;
  readonly type: string;
  readonly mode: "managed" | "data";
  readonly values: Readonly<Record<string, unknown>>;
}

/** The user's shell may set another workspace or data folder: the state would then be where nobody looks for it. */
const DEFAULT_WORKSPACE = { TF_WORKSPACE: undefined, TF_DATA_DIR: undefined };

/** OpenTofu in the folder of a synthesized stack. Every method throws an error with the end of OpenTofu's output. */
export class Tofu {
  constructor(private readonly props: TofuProps) {}

  /** @param backendConfig what the synthesized backend leaves open, such as `path=…` */
  async init(onLine: OnLine, backendConfig: readonly string[] = []): Promise<void> {
    // The workspace that an earlier `tofu workspace select` has chosen here.
    rmSync(join(this.props.stackFolder, ".terraform/environment"), { force: true });
    // Providers come from public servers, whose certificates are not from a stand-in's CA.
    const env = { SSL_CERT_FILE: process.env.SSL_CERT_FILE };
    const settings = backendConfig.map((setting) => `-backend-config=${setting}`);
    await this.run(["init", "-input=false", "-reconfigure", ...settings], onLine, { env });
  }

  /** @returns whether the plan has changes */
  async plan(onLine: OnLine, ...args: readonly string[]): Promise<boolean> {
    // 0: no changes; 2: changes
    const { exitCode } = await this.run(["plan", "-input=false", "-detailed-exitcode", ...args], onLine, {
      accept: [0, 2],
    });
    return exitCode === 2;
  }

  async apply(onLine: OnLine, ...args: readonly string[]): Promise<void> {
    await this.run(["apply", "-input=false", "-auto-approve", ...args], onLine);
  }

  async destroy(onLine: OnLine, ...args: readonly string[]): Promise<void> {
    await this.run(["destroy", "-input=false", "-auto-approve", ...args], onLine);
  }

  /** Takes something that is there into the state. */
  async import(onLine: OnLine, address: string, id: string, ...args: readonly string[]): Promise<void> {
    await this.run(["import", "-input=false", ...args, address, id], onLine);
  }

  /** Lets the state forget a resource, which stays as it is. */
  async removeFromState(onLine: OnLine, address: string, ...args: readonly string[]): Promise<void> {
    await this.run(["state", "rm", ...args, address], onLine);
  }

  /** Marks a resource for replacement. */
  async taint(onLine: OnLine, address: string): Promise<void> {
    await this.run(["taint", address], onLine);
  }

  /** A saved plan as text, for someone to read. */
  async showPlan(planFile: string): Promise<string> {
    return (await this.run(["show", planFile], () => undefined)).stdout;
  }

  /** A saved plan as JSON. Secrets are in it: it must not go to a log. */
  async showPlanJson(planFile: string): Promise<string> {
    return (await this.run(["show", "-json", planFile], () => undefined, { log: undefined })).stdout;
  }

  /** Which state there is now, in whatever backend; undefined if there is none. */
  async stateId(): Promise<{ readonly serial: number; readonly lineage: string } | undefined> {
    // Secrets are in it: it must not go to a log.
    const { stdout } = await this.run(["state", "pull"], () => undefined, { log: undefined });
    if (stdout.trim() === "") return undefined;
    const { serial, lineage } = JSON.parse(stdout) as { serial: number; lineage: string };
    // OpenTofu prints an empty state where there is none, and only a state that was written has a lineage.
    return lineage === "" ? undefined : { serial, lineage };
  }

  async show(): Promise<ShownState> {
    // Secrets are in it: it must not go to a log.
    const { stdout } = await this.run(["show", "-json"], () => undefined, { log: undefined });
    return JSON.parse(stdout);
  }

  private run(
    [command = "", ...args]: readonly string[],
    onLine: OnLine,
    { env, ...more }: Partial<Pick<LoggedRun, "env" | "accept" | "log">> = {},
  ) {
    const { file, stackFolder, logs, signal, again } = this.props;
    const log = join(logs, `${command}.log`);
    return loggedRun({
      file,
      args: [command, ...args, "-no-color"],
      cwd: stackFolder,
      env: { ...this.props.env, ...env, ...DEFAULT_WORKSPACE },
      log,
      signal,
      again,
      onLine,
      ...more,
    });
  }
}
