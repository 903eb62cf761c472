import type { Action, ChangeGroup, PlanSummary } from "../plan";
import { textOf } from "../plan";
import { type GitHubApi, post } from "./api";
import type { Job } from "./job";
import { codeBlock, details, markdownTable, plain } from "./markdown";
import { bodyOf, findMarked } from "./posts";

export interface PlanCommentProps {
  /** What the plan is of: the name of the cluster. */
  readonly name: string;
  /** Undefined if no plan could be made. */
  readonly summary?: PlanSummary;
  /** How the synthesized JSON differs from that of the base. @default - not shown */
  readonly snapshotDiff?: string;
  readonly job: Pick<Job, "sha" | "runUrl">;
}

/** What is counted for each node, and the actions that belong to it. */
const COLUMNS: readonly (readonly [string, readonly Action[]])[] = [
  ["creates", ["create"]],
  ["changes", ["update", "import", "move"]],
  ["replaces", ["replace"]],
  ["destroys", ["destroy", "forget"]],
];
/** Longer ones are in the run. A comment has 65,536 characters. */
const LONGEST_TEXT = 25_000;

/** The comment on a pull request: what its plan would do to each node, and whether it may. */
export function planComment({ name, summary, snapshotDiff, job }: PlanCommentProps): string {
  return [
    `### Plan of ${plain(name)}: ${summary ? headline(summary) : "none could be made"}`,
    ...(summary ? planParts(summary) : ["The run says why. Nothing of it can be applied."]),
    ...(snapshotDiff === undefined ? [] : [snapshotPart(snapshotDiff)]),
    `Commit ${job.sha.slice(0, 12)}, [run](${job.runUrl}).`,
  ].join("\n\n");
}

/** Writes the comment, or changes the one that is there. @returns its id */
export async function postPlanComment(
  api: GitHubApi,
  pullRequest: number,
  name: string,
  text: string,
): Promise<number> {
  const what = `plan of ${name}`;
  const body = bodyOf(what, text);
  const comments = await api.list(`/issues/${pullRequest}/comments`, post);
  const mine = findMarked(comments, what);
  const { id } = mine
    ? await api.send("PATCH", `/issues/comments/${mine.id}`, { body }, post)
    : await api.send("POST", `/issues/${pullRequest}/comments`, { body }, post);
  return id;
}

const headline = (summary: PlanSummary): string => textOf({ ...summary, groups: [] }).split("\n")[0] ?? "";

function planParts(summary: PlanSummary): readonly string[] {
  const { groups, warnings, allowed, refused, hasChanges } = summary;
  return [
    verdict(summary),
    ...(groups.length === 0
      ? []
      : [markdownTable(["node", ...COLUMNS.map(([title]) => title)], groups.map(countsOf))]),
    ...(allowed.length === 0
      ? []
      : [allowed.map((each) => `- allowed (\`${each.allow}\`): ${plain(each.message)}`).join("\n")]),
    ...(refused.length === 0 ? [] : [refused.map(({ message }) => `- ${plain(message)}`).join("\n")]),
    ...(warnings.length === 0
      ? []
      : [`Warnings:\n\n${warnings.map((warning) => `- ${plain(warning)}`).join("\n")}`]),
    ...(hasChanges ? [details("Every change", codeBlock(cut(textOf(summary))))] : []),
  ];
}

function verdict({ refused, allowed, hasChanges }: PlanSummary): string {
  if (refused.length > 0)
    return `**The guard refuses it**: ${refused.length} would be lost that nobody has named. It is not kept and cannot be applied.`;
  if (!hasChanges) return "The guard has nothing to say.";
  return allowed.length > 0
    ? `The guard lets it pass: ${allowed.length} would be lost, and each is named.`
    : "The guard lets it pass: nothing is lost.";
}

function countsOf({ node, changes }: ChangeGroup): readonly string[] {
  const counts = COLUMNS.map(
    ([, actions]) => changes.filter(({ action }) => actions.includes(action)).length,
  );
  return [node ?? "not of one node", ...counts.map(String)];
}

function snapshotPart(diff: string): string {
  if (diff.trim() === "") return "The synthesized JSON is that of the base.";
  return details("How the synthesized JSON differs", codeBlock(cut(diff), "diff"));
}

const cut = (text: string): string =>
  text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}\n… the rest is in the run`;
