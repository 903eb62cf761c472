import type { Difference } from "../plan";
import { type GitHubApi, issue, post } from "./api";
import type { Job } from "./job";
import { markdownTable, plain } from "./markdown";
import { bodyOf, findMarked } from "./posts";

export interface DriftIssueProps {
  /** What has drifted: the name of the cluster. */
  readonly name: string;
  readonly differences: readonly Difference[];
  readonly job: Pick<Job, "runUrl">;
}

/** What became of the issue. */
export type DriftIssueOutcome = "opened" | "updated" | "closed" | "none";

/** Opens an issue where something has drifted, or changes the one that is open; closes it where nothing has. */
export async function postDriftIssue(
  api: GitHubApi,
  { name, differences, job }: DriftIssueProps,
): Promise<DriftIssueOutcome> {
  const what = `drift of ${name}`;
  const issues = await api.list("/issues?state=open", issue);
  const open = findMarked(
    issues.filter((each) => each.pull_request === undefined),
    what,
  );
  if (differences.length === 0) {
    if (open === undefined) return "none";
    const body = `No drift any more, says [this run](${job.runUrl}).`;
    await api.send("POST", `/issues/${open.number}/comments`, { body }, post);
    await api.send("PATCH", `/issues/${open.number}`, { state: "closed", state_reason: "completed" }, issue);
    return "closed";
  }
  const content = {
    title: `Drift of ${name}: ${differences.length} ${differences.length === 1 ? "difference" : "differences"}`,
    body: bodyOf(what, driftBody(name, differences, job)),
  };
  if (open === undefined) await api.send("POST", "/issues", content, issue);
  else await api.send("PATCH", `/issues/${open.number}`, content, issue);
  return open === undefined ? "opened" : "updated";
}

/** The text of the issue. */
export function driftBody(
  name: string,
  differences: readonly Difference[],
  { runUrl }: Pick<Job, "runUrl">,
): string {
  const rows = differences.map(({ node, attribute, address, wanted, found }) => [
    node ?? "-",
    attribute ?? address,
    wanted,
    found,
  ]);
  return [
    `What is in Proxmox differs from what the files of ${plain(name)} say:`,
    markdownTable(["node", "attribute", "wanted", "found"], rows),
    "`npm run plan` shows what a deploy would do about it. What shall stay as it is belongs into `cluster.yaml`.",
    `This issue is kept up to date by [its run](${runUrl}), and closed once nothing differs.`,
  ].join("\n\n");
}
