import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { runGroup } from "../../../process/process-group";
import { ROOT } from "../../support/running-program";

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | boolean | number>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly on: {
    readonly workflow_call: { readonly inputs: Readonly<Record<string, { readonly default?: string }>> };
  };
  readonly jobs: Readonly<
    Record<string, { readonly env?: Record<string, string>; readonly steps: readonly Step[] }>
  >;
}

export interface WorkflowRunProps {
  /** File name of the workflow. */
  readonly workflow: string;
  /** The folder that is checked out. */
  readonly project: string;
  /** The folder of the runner: its temporary files, and the artifacts of all runs. */
  readonly runner: string;
  readonly runId: number;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** The payload of the event. @default - of no pull request */
  readonly pullRequest?: { readonly number: number; readonly base: { readonly sha: string } };
  /** What the runner and GitHub set. */
  readonly env: NodeJS.ProcessEnv;
}

export interface WorkflowRunResult {
  readonly succeeded: boolean;
  readonly said: string;
  /** The folders of its artifacts, by name. */
  readonly artifacts: ReadonlyMap<string, string>;
}

/**
 * Runs the job of a workflow as a runner of GitHub does: its shell steps by bash, with the variables of the workflow and those
 * that steps hand on. An action is done by hand. An expression that is not known here is an error.
 */
export async function runWorkflow(props: WorkflowRunProps): Promise<WorkflowRunResult> {
  const text = readFileSync(join(ROOT, ".github/workflows", props.workflow), "utf8");
  const { on, jobs }: Workflow = parse(text);
  const [job] = Object.values(jobs);
  if (job === undefined) throw new Error(`${props.workflow} has no job`);
  const temp = mkdtempSync(join(props.runner, "temp-"));
  const files = Object.fromEntries(
    ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH"].map((name) => [
      name,
      join(temp, name),
    ]),
  ) as Record<"GITHUB_ENV" | "GITHUB_OUTPUT" | "GITHUB_STEP_SUMMARY" | "GITHUB_EVENT_PATH", string>;
  for (const file of Object.values(files)) writeFileSync(file, "");
  writeFileSync(
    files.GITHUB_EVENT_PATH,
    JSON.stringify(props.pullRequest ? { pull_request: props.pullRequest } : {}),
  );

  const defaults = Object.entries(on.workflow_call.inputs).map(([name, input]) => [
    name,
    input.default ?? "",
  ]);
  const context: Record<string, unknown> = {
    inputs: { ...Object.fromEntries(defaults), ...props.inputs },
    secrets: props.secrets,
    steps: {},
    runner: { temp },
    github: {
      token: props.env.GITHUB_TOKEN,
      event_name: props.pullRequest ? "pull_request" : "push",
      event: { pull_request: props.pullRequest },
    },
  };
  const evaluate = (expression: string): string => {
    const value = expression
      .split(".")
      .reduce<unknown>((object, key) => (object as Record<string, unknown> | undefined)?.[key], context);
    if (value === undefined && !/^(secrets|steps)\./.test(expression))
      throw new Error(`${props.workflow}: nobody here knows ${expression}`);
    return String(value ?? "");
  };
  const filled = (value: unknown) =>
    String(value).replaceAll(/\$\{\{ ([^}]+) \}\}/g, (_, each: string) => evaluate(each));
  const filledIn = (values: object = {}) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, filled(value)]));
  const holds = (condition: string): boolean => {
    const [, left, operator, right] = /^(\S+) (==|!=) '(.*)'$/.exec(condition) ?? [];
    if (left === undefined) throw new Error(`${props.workflow}: nobody here knows if: ${condition}`);
    return (evaluate(left) === right) === (operator === "==");
  };

  let succeeded = true;
  let said = "";
  const artifacts = new Map<string, string>();
  for (const step of job.steps) {
    const isAlways = step.if === "always()";
    if (!isAlways && !(succeeded && (step.if === undefined || holds(step.if)))) continue;
    if (step.uses !== undefined) {
      await act(step.uses, filledIn(step.with), props, artifacts);
      continue;
    }
    const { GITHUB_TOKEN: _, ...env } = props.env;
    writeFileSync(files.GITHUB_OUTPUT, "");
    const { exitCode, output } = await runGroup("bash", ["-e", "-c", step.run ?? ""], {
      cwd: props.project,
      env: {
        ...env,
        ...pairsIn(files.GITHUB_ENV),
        ...files,
        RUNNER_TEMP: temp,
        ...filledIn(job.env),
        ...filledIn(step.env),
      },
    });
    said += `## ${step.name}\n${output}`;
    if (step.id)
      (context.steps as Record<string, object>)[step.id] = { outputs: pairsIn(files.GITHUB_OUTPUT) };
    succeeded &&= exitCode === 0;
  }
  appendFileSync(join(props.runner, "log"), said);
  return { succeeded, said, artifacts };
}

/** Does what an action does. */
async function act(
  uses: string,
  inputs: Readonly<Record<string, string>>,
  { project, runner, runId }: WorkflowRunProps,
  artifacts: Map<string, string>,
): Promise<void> {
  const [action] = uses.split("@");
  const artifact = (run: string | number) => join(runner, "artifacts", String(run), inputs.name ?? "");
  if (action === "actions/setup-node") return;
  if (action === "actions/checkout") {
    if (inputs.path === undefined) return;
    mkdirSync(join(project, inputs.path));
    const script = `git archive "$1" | tar -x -C "$2"`;
    await runGroup("sh", ["-c", script, "sh", inputs.ref ?? "", inputs.path], { cwd: project });
  } else if (action === "actions/upload-artifact") {
    if (!existsSync(inputs.path ?? "")) throw new Error(`there is no ${inputs.path} to keep`);
    cpSync(inputs.path ?? "", artifact(runId), { recursive: true });
    artifacts.set(inputs.name ?? "", artifact(runId));
  } else if (action === "actions/download-artifact") {
    cpSync(artifact(inputs["run-id"] ?? ""), inputs.path ?? "", { recursive: true });
  } else throw new Error(`nobody here does what ${uses} does`);
}

/** The lines `NAME=value` of a file. */
function pairsIn(file: string): Record<string, string> {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]),
  );
}
