import { z } from "zod";
import type { GitHubApi } from "./api";
import { GitHubError, type Job } from "./job";

export interface FindPlanProps {
  readonly job: Pick<Job, "repository" | "sha">;
  /** Name of the artifact that has the plan. */
  readonly artifact: string;
  /** File name of the workflow that makes plans: no other one may hand in an artifact of that name. */
  readonly workflow: string;
}

const pull = z.object({
  number: z.int(),
  merged_at: z.string().nullable(),
  head: z.object({ sha: z.string(), repo: z.object({ full_name: z.string() }).nullable() }),
});
const run = z.object({
  id: z.int(),
  path: z.string(),
  /** Null while it runs. */
  conclusion: z.string().nullable(),
  /** Of its last attempt. */
  run_started_at: z.iso.datetime(),
  head_repository: z.object({ full_name: z.string() }).nullable(),
});
const artifactOf = z.object({ id: z.int(), expired: z.boolean() });

/**
 * Finds the run that made the plan of a commit: the last one that was started for this commit by hand, else the last one of the
 * pull request that was merged as this commit. Where that one has refused or failed, no earlier plan takes its place: it is not
 * the one that was shown last.
 * @returns the id of the run
 * @throws GitHubError if the last run has no such plan
 */
export async function findPlan(api: GitHubApi, { job, artifact, workflow }: FindPlanProps): Promise<number> {
  const { repository, sha } = job;
  const pulls = await api.list(`/commits/${sha}/pulls`, pull);
  const merged = pulls.filter(
    ({ merged_at, head }) => merged_at !== null && head.repo?.full_name === repository,
  );
  const candidates = [
    { sha, event: "workflow_dispatch" },
    ...merged.map(({ head }) => ({ sha: head.sha, event: "pull_request" })),
  ];
  for (const each of candidates) {
    const runs = await api.list(
      `/actions/runs?head_sha=${each.sha}&event=${each.event}`,
      run,
      "workflow_runs",
    );
    const [last] = runs
      .filter(
        ({ path, head_repository, conclusion }) =>
          path === `.github/workflows/${workflow}` &&
          head_repository?.full_name === repository &&
          conclusion !== "skipped",
      )
      .sort((a, b) => Date.parse(b.run_started_at) - Date.parse(a.run_started_at) || b.id - a.id);
    if (last === undefined) continue;
    if (last.conclusion !== "success")
      throw noPlan(`run ${last.id}, the last one, ${endOf(last.conclusion)}`);
    const artifacts = await api.list(
      `/actions/runs/${last.id}/artifacts?name=${encodeURIComponent(artifact)}`,
      artifactOf,
      "artifacts",
    );
    if (artifacts.some(({ expired }) => !expired)) return last.id;
    throw noPlan(
      artifacts.length > 0 ? `that of run ${last.id} has expired` : `run ${last.id}, the last one, has none`,
    );
  }
  throw noPlan("there was no run, since there was no pull request from this repository");

  function noPlan(why: string): GitHubError {
    const of = merged.length > 0 ? `pull request #${merged[0]?.number}, which was merged as ` : "";
    return new GitHubError(
      `no run of ${workflow} has a plan "${artifact}" of ${of}commit ${sha.slice(0, 12)}: ${why}; start ${workflow} for this commit by hand, read its plan, then start this run again`,
    );
  }
}

const endOf = (conclusion: string | null): string =>
  conclusion === null ? "has not ended yet" : `ended with ${conclusion}`;
