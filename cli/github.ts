import { existsSync, readFileSync } from "node:fs";
import { Command } from "commander";
import {
  addTo,
  findPlan,
  GitHubApi,
  GitHubError,
  oidcToken,
  planComment,
  postDriftIssue,
  postPlanComment,
  readDriftReport,
  readJob,
  readPlanSummary,
} from "../github";
import { waiting } from "../process/waiting";
import { run } from "./run";

/* `npm run github -- comment|drift-issue|find-plan|oidc`: what the workflows of a project tell GitHub. */

const { env } = process;

const program = new Command()
  .description("report the results of a workflow to GitHub; each command runs in a job of GitHub Actions")
  .addHelpText(
    "afterAll",
    "\nexit codes: 0 done, 1 not done\nenvironment: GITHUB_TOKEN, and what GitHub sets for a job (GITHUB_REPOSITORY, GITHUB_SHA, GITHUB_API_URL …)",
  );

program
  .command("comment")
  .description("write the comment on the pull request that shows its plan, or change the one that is there")
  .requiredOption("--plan <file>", "what npm run plan -- --json printed; an empty file where it made no plan")
  .requiredOption("--name <name>", "what the plan is of: the name of the cluster")
  .option("--snapshot-diff <file>", "how the synthesized JSON differs from that of the base")
  .action(comment);

program
  .command("drift-issue")
  .description(
    "open the issue about drift, or change the one that is open; close it where nothing has drifted",
  )
  .requiredOption("--report <file>", "what npm run drift -- --json printed")
  .requiredOption("--name <name>", "what has drifted: the name of the cluster")
  .action(driftIssue);

program
  .command("find-plan")
  .description("find the run that made the plan of this commit, and set the output run-id of this step")
  .requiredOption("--artifact <name>", "name of the artifact that has the plan")
  .option("--workflow <file>", "file name of the workflow that makes plans", "plan.yml")
  .action(find);

program
  .command("oidc")
  .description(
    "let the later steps of this job use the job's own identity at the tfstate Worker, for some minutes",
  )
  .option("--audience <audience>", "audience that the Worker expects", "tfstate")
  .action(oidc);

interface CommentOptions {
  readonly plan: string;
  readonly name: string;
  readonly snapshotDiff?: string;
}

async function comment({ plan, name, snapshotDiff }: CommentOptions): Promise<void> {
  const job = readJob(env);
  const text = planComment({
    name,
    job,
    summary: readPlanSummary(plan),
    snapshotDiff: readDiff(snapshotDiff),
  });
  addTo(env.GITHUB_STEP_SUMMARY, text);
  if (job.pullRequest === undefined)
    return console.log("no pull request has started this job; the summary of the run has it");
  const { pullRequest } = job;
  const id = await waiting(`writing the comment on #${pullRequest}`, () =>
    postPlanComment(new GitHubApi(job, env), pullRequest, name, text),
  );
  console.log(`comment ${id} on #${pullRequest} shows the plan`);
}

function readDiff(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  if (existsSync(file)) return readFileSync(file, "utf8");
  throw new GitHubError(`there is no ${file}; write the difference to it, or leave --snapshot-diff out`);
}

async function driftIssue({ report, name }: { report: string; name: string }): Promise<void> {
  const job = readJob(env);
  const differences = readDriftReport(report);
  const outcome = await waiting("looking for the issue about drift", () =>
    postDriftIssue(new GitHubApi(job, env), { name, differences, job }),
  );
  console.log(
    outcome === "none" ? "no drift, and no issue about it" : `${outcome} the issue about drift of ${name}`,
  );
}

async function find({ artifact, workflow }: { artifact: string; workflow: string }): Promise<void> {
  const job = readJob(env);
  const id = await waiting("looking for the run that made the plan", () =>
    findPlan(new GitHubApi(job, env), { job, artifact, workflow }),
  );
  addTo(env.GITHUB_OUTPUT, `run-id=${id}`);
  console.log(`run ${id} has the plan ${artifact}`);
}

async function oidc({ audience }: { audience: string }): Promise<void> {
  if (!env.GITHUB_ENV) throw new GitHubError("GITHUB_ENV not set; run this in a job of GitHub Actions");
  const token = await waiting("asking GitHub for an identity", () => oidcToken(env, audience));
  console.log(`::add-mask::${token}`);
  addTo(env.GITHUB_ENV, `TF_HTTP_USERNAME=oidc\nTF_HTTP_PASSWORD=${token}`);
}

run("github", program);
