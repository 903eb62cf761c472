import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GitHubApi, readJob } from "../../github";
import { checkTag } from "../../release/check-tag";
import { type RunningGitHub, startGitHub, type Tag } from "../../stand-ins/github";

let github: RunningGitHub;
let root: string;
let commit: string;
beforeEach(async () => {
  github = await startGitHub();
  commit = readJob(github.env).sha;
  root = mkdtempSync(join(tmpdir(), "release-"));
  mkdirSync(join(root, ".changeset"));
  cpSync(join(__dirname, "../../.changeset/README.md"), join(root, ".changeset/README.md"));
  write("package.json", '{ "version": "1.2.3" }');
  write("CHANGELOG.md", "# Changelog\n\n## 1.2.3\n\n- A line.\n");
  tag({});
  github.repository.comparedWithMain.set(commit, "behind");
});
afterEach(async () => {
  await github.stop();
  rmSync(root, { recursive: true });
});

const write = (name: string, text: string) => writeFileSync(join(root, name), text);
const tag = (more: Partial<Tag>) =>
  github.repository.tags.set("v1.2.3", { commit, verification: "valid", ...more });
const check = (name = "v1.2.3") =>
  checkTag(new GitHubApi(readJob(github.env), github.env), { tag: name, job: readJob(github.env), root });

test("a signed tag on main whose changelog is ready", async () => {
  await expect(check()).resolves.toBeUndefined();
  github.repository.comparedWithMain.set(commit, "identical");
  await expect(check()).resolves.toBeUndefined();
});

test.each<[string, () => unknown, string]>([
  [
    "a name without a signature",
    () => tag({ lightweight: true }),
    "v1.2.3 is no signed tag, only a name of a commit; make it with git tag --sign v1.2.3",
  ],
  [
    "a tag without a signature",
    () => tag({ verification: "unsigned" }),
    "GitHub has not verified the signature of v1.2.3 (unsigned); add your signing key to your GitHub account",
  ],
  [
    "a tag that was moved after the job began",
    () => tag({ commit: "0123456789abcdef0123456789abcdef01234567" }),
    "v1.2.3 names commit 0123456789ab now, and this job has c0ffee00c0ff; start it for the tag as it is",
  ],
  [
    "a commit that nobody has merged",
    () => github.repository.comparedWithMain.set(commit, "diverged"),
    "commit c0ffee00c0ff is not on main (it is diverged); merge it, then tag it",
  ],
  [
    "another version in the manifest",
    () => write("package.json", '{ "version": "1.2.2" }'),
    "the tag is v1.2.3, and the version in package.json is 1.2.2; tag the commit that has the version\nCHANGELOG.md says nothing of 1.2.2, but of 1.2.3; run npm run release -- version, and commit what it writes",
  ],
  [
    "a change that is not in the changelog",
    () => write(".changeset/late.md", "text"),
    ".changeset/late.md: not in the changelog yet; run npm run release -- version",
  ],
])("%s is refused", async (_, fault, message) => {
  fault();
  await expect(check()).rejects.toThrow(new Error(message));
});

test("a tag that is not there", async () => {
  await expect(check("v1.2.4")).rejects.toThrow("GitHub answers 404 to GET /git/ref/tags/v1.2.4: Not Found");
});
