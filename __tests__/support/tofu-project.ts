import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endWithTests } from "./end-with-tests";
import { inheritedEnv } from "./inherited-env";

export interface TofuResult {
  readonly exitCode: number;
  /** Both streams, in the order in which they came, without colours. */
  readonly output: string;
  /** The same on one line: OpenTofu wraps its messages wherever it likes. */
  readonly said: string;
}

/** A folder with a synthesized stack, and the real OpenTofu in it. */
export class TofuProject {
  /** Not by OpenTofu's own name: `init` would take that for a state to move, and empty it. */
  readonly stateFile: string;
  readonly planFile: string;
  /** What `tofu show -json` said of the plan file; undefined once another command ran. */
  private shown?: Promise<string>;

  constructor(
    private readonly env: Readonly<Record<string, string | undefined>> = {},
    readonly folder = mkdtempSync(join(tmpdir(), "tofu-")),
  ) {
    this.stateFile = join(folder, "cluster.tfstate");
    this.planFile = join(folder, "plan.bin");
  }

  write(template: object, file = "cdk.tf.json"): this {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, file), JSON.stringify(template, null, 2));
    return this;
  }

  init = (...args: string[]) => this.run("init", "-input=false", ...args);
  plan = (...args: string[]) =>
    this.run("plan", "-input=false", "-detailed-exitcode", `-out=${this.planFile}`, ...args);
  apply = (...args: string[]) => this.run("apply", "-input=false", "-auto-approve", ...args);
  destroy = (...args: string[]) => this.run("destroy", "-input=false", "-auto-approve", ...args);

  /** Runs and wants success; the error of a test that fails shows what OpenTofu said. */
  async ok(...args: [string, ...string[]]): Promise<TofuResult> {
    const result = await this.run(...args);
    if (result.exitCode !== 0)
      throw new Error(`tofu ${args.join(" ")}: ${result.exitCode}\n${result.output}`);
    return result;
  }

  run(...args: string[]): Promise<TofuResult> {
    const child = this.start(args);
    let output = "";
    child.stdout?.on("data", (chunk) => (output += chunk));
    child.stderr?.on("data", (chunk) => (output += chunk));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) =>
        resolve({ exitCode: code ?? -1, output, said: output.replace(/\s+/g, " ") }),
      );
    });
  }

  /** The process itself, for tests that kill it. It leads a group, so that its provider dies with it. */
  start(args: readonly string[]): ChildProcess {
    this.shown = undefined;
    const env = { ...this.env };
    // The CA of a stand-in would hide those of the provider registry.
    if (args[0] === "init") env.SSL_CERT_FILE = undefined;
    const child = spawn(tofuBinary(), args, {
      cwd: this.folder,
      env: { ...inheritedEnv(), TF_CLI_ARGS: "-no-color", TF_IN_AUTOMATION: "1", ...env },
      detached: true,
      // OpenTofu must not ask the terminal for what it misses.
      stdio: ["ignore", "pipe", "pipe"],
    });
    return endWithTests(child, true);
  }

  /** The last plan, as `tofu show -json` has it. */
  planJson(): Promise<string> {
    const shown = this.shown ?? this.ok("show", "-json", this.planFile).then(({ output }) => output);
    this.shown = shown;
    return shown;
  }

  /** What a plan would do, resource by resource; only what is not a no-op. */
  async plannedActions(...args: string[]): Promise<Record<string, string[]>> {
    const { exitCode, output } = await this.plan(...args);
    if (exitCode === 1) throw new Error(`plan failed:\n${output}`);
    // Not even a move: OpenTofu says so, and the plan need not be shown.
    if (exitCode === 0) return {};
    const plan = JSON.parse(await this.planJson()) as {
      resource_changes?: { address: string; change: { actions: string[] } }[];
    };
    const changes = (plan.resource_changes ?? []).filter(({ change }) => change.actions[0] !== "no-op");
    return Object.fromEntries(changes.map(({ address, change }) => [address, change.actions]));
  }

  /** Bytes of the state file as they stand on disk. */
  rawState = () => readFileSync(this.stateFile, "utf8");
  rawPlan = () => readFileSync(this.planFile, "latin1");

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function tofuBinary(): string {
  const binary = process.env.TERRAFORM_BINARY_NAME;
  if (!binary) throw new Error("TERRAFORM_BINARY_NAME is not set; run this test in the e2e project of jest");
  return binary;
}
