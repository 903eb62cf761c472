import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../config";
import { synthesize } from "../process/synthesize";
import { type ShownResource, type ShownState, Tofu } from "../process/tofu";
import type { BootstrapOutputs } from "./credentials";
import type { Workplace } from "./workplace";

export const STACK = "bootstrap";

export interface StackProps {
  /** Folder of the program. */
  readonly root: string;
  readonly workplace: Workplace;
  /** Absolute path of OpenTofu. */
  readonly tofu: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** The command to type again when a step failed. */
  readonly again: string;
}

/** Ids in the account by address in the stack. */
export type Imports = Readonly<Record<string, string>>;

type OnLine = (line: string) => void;

/** The bootstrap stack, synthesized for one backend, with OpenTofu in its folder. */
export class Stack {
  private constructor(
    private readonly props: StackProps,
    private readonly folder: string,
    readonly tofu: Tofu,
  ) {}

  /** Synthesizes it: with its state here, in the workplace, or in the backend that is configured. */
  static async synth(
    props: StackProps,
    backend: StateBackend,
    onLine: OnLine,
    variables: NodeJS.ProcessEnv = {},
  ): Promise<Stack> {
    const { root, workplace, signal, again } = props;
    const output = join(workplace.synthesized, backend);
    const env = { ...props.env, ...variables, STATE_BACKEND: backend };
    await synthesize({ root, output, env, log: join(workplace.logs, "synth.log"), signal, again, onLine });
    const stackFolder = join(output, "stacks", STACK);
    return new Stack(
      props,
      stackFolder,
      new Tofu({ file: props.tofu, stackFolder, logs: workplace.logs, env, signal, again }),
    );
  }

  /** `tofu init` with the state in the workplace. */
  async initHere(onLine: OnLine): Promise<void> {
    await this.tofu.init(onLine, [`path=${this.props.workplace.stateFile}`]);
  }

  /** Lets the next plan take over what is there already. */
  import(imports: Imports): void {
    const blocks = Object.entries(imports).map(([to, id]) => ({ to, id }));
    const content = blocks.length > 0 ? { import: blocks } : {};
    writeFileSync(join(this.folder, "import.tf.json"), JSON.stringify(content));
  }

  /** Address of what remembers the migrations that Cloudflare has carried out. */
  revisionAddress(): string {
    const { resource } = JSON.parse(readFileSync(join(this.folder, "cdk.tf.json"), "utf8")) as {
      readonly resource: { readonly terraform_data?: object };
    };
    const [name] = Object.keys(resource.terraform_data ?? {});
    return `terraform_data.${name}`;
  }

  /** What the state knows; OpenTofu has to be initialized. */
  async resources(): Promise<readonly ShownResource[]> {
    return (await this.tofu.show()).values?.root_module?.resources ?? [];
  }

  async outputs(): Promise<BootstrapOutputs> {
    return outputsIn(await this.tofu.show());
  }

  /** The outputs in a state that was set aside; the stack has to be synthesized for the backend `local`. */
  async outputsOf(stateFile: string, onLine: OnLine): Promise<BootstrapOutputs> {
    const folder = mkdtempSync(join(this.props.workplace.root, "read-"));
    try {
      const copy = join(folder, "copy.tfstate");
      cpSync(stateFile, copy);
      await this.tofu.init(onLine, [`path=${copy}`]);
      return await this.outputs();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

function outputsIn({ values }: ShownState): BootstrapOutputs {
  const text = (name: string) => {
    const value = values?.outputs?.[name]?.value;
    return typeof value === "string" ? value : undefined;
  };
  return {
    s3AccessKeyId: text("s3_access_key_id"),
    s3SecretAccessKey: text("s3_secret_access_key"),
    workerUrl: text("worker_url"),
  };
}
