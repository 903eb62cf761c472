import { runGroup } from "./process-group";

/** What is checked out. */
export interface Commit {
  readonly commit: string;
  /** The content of the commit: a merge of the same content has another commit, and the same tree. */
  readonly tree: string;
}

/** The commit that is checked out in a folder; undefined if there is none, or no git. */
export async function checkedOutCommit(cwd: string): Promise<Commit | undefined> {
  try {
    const { exitCode, stdout } = await runGroup("git", ["rev-parse", "HEAD", "HEAD^{tree}"], { cwd });
    const [commit, tree] = stdout.trim().split("\n");
    return exitCode === 0 && commit && tree ? { commit, tree } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
