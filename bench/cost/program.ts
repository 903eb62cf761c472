import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { App, DataResource, TerraformStack, TerraformVariable } from "cdktf";
import { Tofu } from "../../process/tofu";
import type { StateProps } from "../../stacks/cluster-stack-props";
import { configureState } from "../../stacks/configure-state";
import type { Toolchain } from "../../toolchain";

export interface ProgramProps {
  readonly toolchain: Pick<Toolchain, "tofu" | "env">;
  /** Made where it is not there. */
  readonly folder: string;
  readonly state: StateProps;
  /** Credentials of the backend. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends what is running. */
  readonly signal: AbortSignal;
}

/** What each backend is counted with. */
export type Measurement = Pick<ProgramProps, "toolchain" | "folder" | "signal">;

const STACK = "cost";
const RESOURCES = 5;

/** A stack that needs no provider, with its state encrypted and at a backend, and the real OpenTofu. */
export class Program {
  constructor(private readonly props: ProgramProps) {
    mkdirSync(join(props.folder, "logs"), { recursive: true });
    const app = new App({ outdir: props.folder });
    const stack = new TerraformStack(app, STACK);
    configureState(stack, props.state);
    const revision = new TerraformVariable(stack, "revision", { type: "string" });
    for (let at = 0; at < RESOURCES; at++) {
      new DataResource(stack, `resource-${at}`, { input: { revision: revision.stringValue } });
    }
    app.synth();
  }

  /** A plan as `cdktf` and a job of CI start it, of a state that is as the program says. */
  async plan(): Promise<void> {
    const tofu = this.tofu("1");
    await tofu.init(() => undefined);
    if (await tofu.plan(() => undefined)) throw new Error("the plan is not empty, so it is not a plan alone");
  }

  /** @param revision another one changes every resource */
  async apply(revision: "0" | "1"): Promise<void> {
    const tofu = this.tofu(revision);
    await tofu.init(() => undefined);
    await tofu.apply(() => undefined);
  }

  private tofu(revision: string): Tofu {
    const { toolchain, folder, env, signal } = this.props;
    const { PATH, HOME, TF_CLI_CONFIG_FILE } = process.env;
    return new Tofu({
      file: toolchain.tofu,
      stackFolder: join(folder, "stacks", STACK),
      logs: join(folder, "logs"),
      env: {
        PATH,
        HOME,
        TF_CLI_CONFIG_FILE,
        CHECKPOINT_DISABLE: "1",
        ...toolchain.env,
        TF_IN_AUTOMATION: "1",
        TF_VAR_state_passphrase: "only of this measurement",
        TF_VAR_revision: revision,
        ...env,
      },
      signal,
      again: "npm run cost",
    });
  }
}
