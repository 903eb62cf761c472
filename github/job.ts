import { appendFileSync, readFileSync } from "node:fs";
import { z } from "zod";

/** The variables that GitHub sets for a job; `process.env` fits. */
export type JobEnvironment = Readonly<Record<string, string | undefined>>;

/** An error that the user can act on. */
export class GitHubError extends Error {
  override readonly name = "GitHubError";
}

const event = z.object({ pull_request: z.object({ number: z.int().positive() }).optional() });

/** The job of GitHub Actions that a command runs in. */
export interface Job {
  /** `owner/name` */
  readonly repository: string;
  /** The commit that is checked out. */
  readonly sha: string;
  /** The page of the run. */
  readonly runUrl: string;
  /** Undefined if no pull request has started the job. */
  readonly pullRequest?: number;
}

/** @throws GitHubError with all variables that are missing */
export function readJob(env: JobEnvironment): Job {
  const names = ["GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_SERVER_URL", "GITHUB_RUN_ID"] as const;
  const { GITHUB_REPOSITORY: repository = "", GITHUB_SHA: sha = "" } = requireVariables(env, names);
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new GitHubError(
      `GITHUB_REPOSITORY "${repository}" is no owner/name; run this in a job of GitHub Actions`,
    );
  const runUrl = `${env.GITHUB_SERVER_URL}/${repository}/actions/runs/${env.GITHUB_RUN_ID}`;
  const pullRequest = env.GITHUB_EVENT_PATH ? pullRequestIn(env.GITHUB_EVENT_PATH) : undefined;
  return { repository, sha, runUrl, pullRequest };
}

/** @throws GitHubError with all that are missing */
export function requireVariables(env: JobEnvironment, names: readonly string[]): JobEnvironment {
  const missing = names.filter((name) => !env[name]);
  if (missing.length === 0) return env;
  throw new GitHubError(`${missing.join(", ")} not set; run this in a job of GitHub Actions`);
}

/** Adds a line to the file that a variable of the job names, such as GITHUB_OUTPUT. Nothing happens without it. */
export function addTo(file: string | undefined, text: string): void {
  if (file) appendFileSync(file, `${text}\n`);
}

function pullRequestIn(path: string): number | undefined {
  const parsed = event.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success)
    throw new GitHubError(
      `GITHUB_EVENT_PATH ${path} is no event of GitHub: ${parsed.error.issues[0]?.message}`,
    );
  return parsed.data.pull_request?.number;
}
