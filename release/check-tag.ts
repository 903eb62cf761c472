import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { GitHubApi, Job } from "../github";
import { changesOf } from "./changelog";
import { changesetsIn } from "./version";

const reference = z.object({ object: z.object({ type: z.string(), sha: z.string() }) });
const tagObject = z.object({
  object: z.object({ sha: z.string() }),
  verification: z.object({ verified: z.boolean(), reason: z.string() }),
});
const comparison = z.object({ status: z.string() });

export interface CheckTagProps {
  readonly tag: string;
  readonly job: Pick<Job, "sha">;
  /** The folder of the commit that the tag names. */
  readonly root: string;
}

/**
 * A release is what a maintainer has signed: an annotated tag with a signature that GitHub has verified, on a commit of main, whose
 * version and changelog are ready.
 * @throws with all that is not so
 */
export async function checkTag(api: GitHubApi, { tag, job, root }: CheckTagProps): Promise<void> {
  const problems = [...problemsOfFiles(root, tag)];
  const { object } = await api.get(`/git/ref/tags/${encodeURIComponent(tag)}`, reference);
  if (object.type !== "tag") {
    problems.push(`${tag} is no signed tag, only a name of a commit; make it with git tag --sign ${tag}`);
  } else {
    const signed = await api.get(`/git/tags/${object.sha}`, tagObject);
    const { verified, reason } = signed.verification;
    if (!verified)
      problems.push(
        `GitHub has not verified the signature of ${tag} (${reason}); add your signing key to your GitHub account`,
      );
    if (signed.object.sha !== job.sha)
      problems.push(
        `${tag} names commit ${signed.object.sha.slice(0, 12)} now, and this job has ${job.sha.slice(0, 12)}; start it for the tag as it is`,
      );
  }
  const { status } = await api.get(`/compare/main...${job.sha}`, comparison);
  if (!["behind", "identical"].includes(status))
    problems.push(`commit ${job.sha.slice(0, 12)} is not on main (it is ${status}); merge it, then tag it`);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

function* problemsOfFiles(root: string, tag: string): Generator<string> {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  if (tag !== `v${version}`)
    yield `the tag is ${tag}, and the version in package.json is ${version}; tag the commit that has the version`;
  const waiting = changesetsIn(root);
  if (waiting.length > 0)
    yield `.changeset/${waiting.join(", .changeset/")}: not in the changelog yet; run npm run release -- version`;
  try {
    changesOf(readFileSync(join(root, "CHANGELOG.md"), "utf8"), version);
  } catch (error) {
    yield (error as Error).message;
  }
}
