import { join } from "node:path";
import { step } from "../process/step";
import { synthesize } from "../process/synthesize";
import { type ShownResource, type ShownState, Tofu } from "../process/tofu";
import type { Account } from "./account";
import type { Ownership } from "./ownership";
import type { WorkDir } from "./work-dir";

const STACK = "bootstrap";

/** The bootstrap holds the lock of the state itself: see `state-lock.ts`. */
const NO_LOCK = "-lock=false";

export interface StackProps {
  /** Folder of the program. */
  readonly root: string;
  readonly workDir: WorkDir;
  readonly account: Account;
  /** Absolute path of OpenTofu. */
  readonly tofu: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** The command to type again when a step failed. */
  readonly again: string;
  /** What the user reads of a plan. No change may be missing in it. @default - what OpenTofu says */
  readonly describePlan?: (plan: Plan) => string;
}

/** A plan that changes something. */
export interface Plan {
  /** As OpenTofu shows it. */
  readonly whole: string;
  /** The output of `tofu show -json`, secrets included. */
  readonly json: string;
}

/** A plan, and what the user reads of it. Both are empty if there is nothing to do. */
export interface Planned {
  readonly whole: string;
  readonly described: string;
}

/** The outputs of the stack that clients need. */
export interface BootstrapOutputs {
  readonly s3AccessKeyId?: string;
  readonly s3SecretAccessKey?: string;
  readonly workerUrl?: string;
}

type OnLine = (line: string) => void;

/** The bootstrap stack, with OpenTofu in its folder and its state in the bucket. */
export class Stack {
  /** What OpenTofu has shown of the state; undefined once something has changed it. */
  private shown?: Promise<ShownState>;

  private constructor(
    private readonly props: StackProps,
    private readonly tofu: Tofu,
  ) {}

  /** Synthesizes the stack and initializes OpenTofu. */
  static async prepare(props: StackProps, onLine: OnLine): Promise<Stack> {
    const { root, workDir, account, signal, again } = props;
    const env = { ...props.env, ...(await account.keyPair()) };
    const output = workDir.synthesized;
    await synthesize({ root, output, env, log: join(workDir.logs, "synth.log"), signal, again, onLine });
    const stackFolder = join(output, "stacks", STACK);
    const tofu = new Tofu({ file: props.tofu, stackFolder, logs: workDir.logs, env, signal, again });
    await tofu.init(onLine);
    return new Stack(props, tofu);
  }

  /**
   * Imports the resources of this cluster that are not in the state. An interrupted run leaves such resources.
   * @returns ids of this cluster's tokens that are not in the state, so their values are lost
   */
  importOwned(ownership: Ownership): Promise<readonly string[]> {
    return step("Import", async ({ follow, result }) => {
      const [owned, known] = [await ownership.owned(), await this.resources()];
      const imported: string[] = [];
      for (const { name, address, importId } of owned) {
        if (importId === undefined || known.some((each) => each.address === address)) continue;
        this.shown = undefined;
        await this.tofu.import(follow, address, importId, NO_LOCK);
        imported.push(name);
      }
      result(imported.join(", ") || "nothing to import");
      return owned.some(({ importId }) => importId === undefined) ? this.lostTokens() : [];
    });
  }

  /** Ids of the tokens for this bucket, with the name of the stack's token, that are not in the state. */
  async lostTokens(): Promise<readonly string[]> {
    const known = (await this.resources()).map(({ values }) => values.id);
    return (await this.props.account.tokens()).filter((id) => !known.includes(id));
  }

  /**
   * Plans, and saves the plan in the work dir.
   * @returns the plan as text; empty if there is nothing to do
   */
  plan(...args: readonly string[]): Promise<Planned> {
    const { workDir, describePlan = ({ whole }: Plan) => whole } = this.props;
    const { planFile } = workDir;
    return step("Plan", async ({ follow, result }) => {
      const hasChanges = await this.tofu.plan(follow, NO_LOCK, `-out=${planFile}`, ...args);
      if (!hasChanges) {
        workDir.removePlan();
        result("nothing to do");
        return { whole: "", described: "" };
      }
      const whole = await this.tofu.showPlan(planFile);
      result(/^Plan: (.*)$/m.exec(whole)?.[1] ?? "only outputs change");
      return { whole, described: describePlan({ whole, json: await this.tofu.showPlanJson(planFile) }) };
    });
  }

  /** Applies the plan in the work dir. */
  async applyPlan(onLine: OnLine): Promise<void> {
    const { workDir } = this.props;
    this.shown = undefined;
    await this.tofu.apply(onLine, NO_LOCK, workDir.planFile);
    workDir.removePlan();
  }

  /** Applies the changes of these resources only. */
  async applyTo(onLine: OnLine, addresses: readonly string[]): Promise<void> {
    this.shown = undefined;
    await this.tofu.apply(onLine, NO_LOCK, ...addresses.map((address) => `-target=${address}`));
  }

  /** Destroys everything except the state bucket, which still holds the state of this stack. */
  async destroyAllButBucket(onLine: OnLine): Promise<void> {
    this.shown = undefined;
    await this.tofu.removeFromState(onLine, "cloudflare_r2_bucket.state", NO_LOCK);
    await this.tofu.destroy(onLine, NO_LOCK);
  }

  /** @throws if a plan has changes */
  async requireNoChanges(onLine: OnLine): Promise<void> {
    if (!(await this.tofu.plan(onLine, NO_LOCK))) return;
    const log = join(this.props.workDir.logs, "plan.log");
    throw new Error(
      `the second plan is not empty, which is a bug of this program; report it with the plan in ${log}`,
    );
  }

  async outputs(): Promise<BootstrapOutputs> {
    const { values } = await this.state();
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

  private state(): Promise<ShownState> {
    this.shown ??= this.tofu.show();
    return this.shown;
  }

  private async resources(): Promise<readonly ShownResource[]> {
    return (await this.state()).values?.root_module?.resources ?? [];
  }
}
