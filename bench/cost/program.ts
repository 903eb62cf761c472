import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { App, DataResource, TerraformStack, TerraformVariable } from "cdktf";
import { Tofu } from "../../process/tofu";
import type { StateProps } from "../../stacks/cluster-stack-props";
import { configureState } from "../../stacks/configure-state";
import type { Toolchain } from "../../toolchain";
import { tofuEnv } from "../tofu-env";

export interface ProgramProps {
  readonly toolchain: Pick<Toolchain, "tofu" | "env">;
  /** Created if it does not exist. */
  readonly folder: string;
  readonly state: StateProps;
  /** Credentials of the backend. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborting it ends the running OpenTofu. */
  readonly signal: AbortSignal;
}

/** What counting a backend needs. */
export type Measurement = Pick<ProgramProps, "toolchain" | "folder" | "signal">;

const STACK = "cost";
const RESOURCES = 5;

/** A stack that needs no provider, whose state is encrypted and kept at a backend, and the real OpenTofu. */
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

  /** Plans as `cdktf` and a CI job do, with nothing to change. @throws if there is something to change */
  async plan(): Promise<void> {
    const tofu = this.tofu("1");
    await tofu.init(() => undefined);
    if (await tofu.plan(() => undefined)) {
      throw new Error("the plan is not empty: apply the same revision before it is measured");
    }
  }

  /** @param revision another revision than the last one changes every resource */
  async apply(revision: "0" | "1"): Promise<void> {
    const tofu = this.tofu(revision);
    await tofu.init(() => undefined);
    await tofu.apply(() => undefined);
  }

  private tofu(revision: string): Tofu {
    const { toolchain, folder, env, signal } = this.props;
    return new Tofu({
      file: toolchain.tofu,
      stackFolder: join(folder, "stacks", STACK),
      logs: join(folder, "logs"),
      env: {
        ...tofuEnv(toolchain),
        TF_VAR_state_passphrase: "for this measurement only",
        TF_VAR_revision: revision,
        ...env,
      },
      signal,
      again: "npm run cost",
    });
  }
}
