import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import { synthesize } from "../process/synthesize";
import { Tofu } from "../process/tofu";
import { openStore } from "../state/open-store";
import type { StateStore } from "../state/store";
import { type AppliedVm, appliedVms } from "./applied-vms";
import type { DemoFolder } from "./folder";

const STACK = "cluster";

/** The files with the credentials for Talos and Kubernetes. */
export interface Credentials {
  readonly talosconfig: string;
  readonly kubeconfig: string;
}

/** What a deploy has made. */
export interface Deployed {
  readonly vms: readonly AppliedVm[];
  /** Text of the talosconfig; empty where Talos is not configured. */
  readonly talosconfig: string;
  readonly kubeconfig: string;
}

export interface ClusterProps {
  readonly root: string;
  readonly folder: DemoFolder;
  readonly tofu: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** The cluster stack of `cluster.yaml`, whose state is at the Worker. */
export class Cluster {
  readonly tofu: Tofu;
  /** The store of its state. */
  readonly store: StateStore;

  private constructor(readonly props: ClusterProps) {
    this.tofu = this.client("");
    this.store = openStore({ backend: "worker", url: props.env.STATE_URL ?? "" }, props.env);
  }

  /** @param early a run of {@link runSynth} that began before @default - it begins now */
  static async synth(props: ClusterProps, early?: Promise<void>): Promise<Cluster> {
    await step("Synth", async ({ follow, result }) => {
      await (early ?? runSynth(props, follow));
      result(displayPath(join(props.folder.synthesized, "stacks", STACK, "cdk.tf.json")));
    });
    return new Cluster(props);
  }

  /** OpenTofu on the stack, as another client. @param name a folder for its logs */
  client(name: string): Tofu {
    const { folder, tofu, env, signal } = this.props;
    const logs = join(folder.logs, name);
    mkdirSync(logs, { recursive: true });
    const stackFolder = join(folder.synthesized, "stacks", STACK);
    return new Tofu({ file: tofu, stackFolder, logs, env, signal, again: "npm start" });
  }

  deploy(): Promise<Deployed> {
    return step("Deploy", async ({ say, follow, result }) => {
      // This run has the folder for itself, so a lock is left from a run that was killed.
      const lock = await this.store.holder();
      if (lock) {
        await this.store.breakLock(lock.ID);
        say(`removed the lock of an earlier run that was killed (${lock.Operation} of ${lock.Who})`);
      }
      await this.tofu.init(follow);
      const said = await this.apply(follow);
      const deployed = await this.deployed();
      result(`${deployed.vms.length} VMs: ${said}`);
      return deployed;
    });
  }

  /** Deploys what was synthesized again. OpenTofu is ready for it already. */
  deployAgain(): Promise<void> {
    return step("Deploy", async ({ follow, result }) => result(await this.apply(follow)));
  }

  /** @returns `1 added, 0 changed, 0 destroyed` */
  private async apply(onLine: (line: string) => void): Promise<string> {
    let said = "";
    await this.tofu.apply((line) => {
      said = /^Apply complete! Resources: (.*)\.$/.exec(line)?.[1] ?? said;
      onLine(line);
    });
    return said;
  }

  /** What the state says of the cluster. */
  async deployed(): Promise<Deployed> {
    const state = await this.tofu.show();
    const outputs = state.values?.outputs;
    const text = (name: string) => String(outputs?.[name]?.value ?? "");
    return { vms: appliedVms(state), talosconfig: text("talosconfig"), kubeconfig: text("kubeconfig") };
  }

  /** Writes the credentials to files that only the user can read. */
  saveCredentials(deployed: Deployed): Promise<Credentials> {
    return step("Credentials", async ({ result }) => {
      const save = (name: keyof Credentials) => {
        const file = join(this.props.folder.root, name);
        writeFileSync(file, deployed[name], { mode: 0o600 });
        return file;
      };
      const saved = { talosconfig: save("talosconfig"), kubeconfig: save("kubeconfig") };
      result(Object.values(saved).map(displayPath).join(", "));
      return saved;
    });
  }

  /** Plans. @throws where the plan would change something */
  expectEmptyPlan(title: string): Promise<void> {
    return step(title, async ({ follow, result }) => {
      if (await this.tofu.plan(follow)) {
        const log = displayPath(join(this.props.folder.logs, "plan.log"));
        throw new Error(`the plan is not empty, which is a bug of this program; see ${log}`);
      }
      result("empty");
    });
  }
}

/** Synthesizes what the files say now. */
export async function runSynth(
  { root, folder, env, signal }: Pick<ClusterProps, "root" | "folder" | "env" | "signal">,
  onLine: (line: string) => void = () => undefined,
): Promise<void> {
  const log = join(folder.logs, "synth.log");
  await synthesize({ root, output: folder.synthesized, env, log, signal, again: "npm start", onLine });
}
