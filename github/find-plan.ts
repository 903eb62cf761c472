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
  head_repository: z.object({ full_name: z.string() }).nullable(),
});
const artifactOf = z.object({ id: z.int(), expired: z.boolean() });

/**
 * Finds the run that made the plan of a commit: the one that was started for this commit by hand, else the last one of the pull
 * request that was merged as this commit.
 * @returns the id of the run
 * @throws GitHubError where no run has such a plan
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
      `/actions/runs?head_sha=${each.sha}&event=${each.event}&status=success`,
      run,
      "workflow_runs",
    );
    const ours = runs.filter(
      ({ path, head_repository }) =>
        path === `.github/workflows/${workflow}` && head_repository?.full_name === repository,
    );
    for (const { id } of ours.sort((a, b) => b.id - a.id)) {
      const artifacts = await api.list(
        `/actions/runs/${id}/artifacts?name=${encodeURIComponent(artifact)}`,
        artifactOf,
        "artifacts",
      );
      if (artifacts.some(({ expired }) => !expired)) return id;
    }
  }
  const of = merged.length > 0 ? `pull request #${merged[0]?.number}, which was merged as ` : "";
  throw new GitHubError(
    `no run of ${workflow} has a plan "${artifact}" of ${of}commit ${sha.slice(0, 12)}: it was refused, it has expired, or there was no pull request; start ${workflow} for this commit by hand, read its plan, then start this run again`,
  );
}
