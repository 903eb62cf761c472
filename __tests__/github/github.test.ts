import {
  findPlan,
  GitHubApi,
  type JobEnvironment,
  oidcToken,
  planComment,
  postDriftIssue,
  postPlanComment,
  readJob,
} from "../../github";
import { codeBlock, plain } from "../../github/markdown";
import { type PlanSummary, reviewPlan } from "../../plan";
import { type RunningGitHub, startGitHub } from "../../stand-ins/github";

let github: RunningGitHub;
let env: Record<string, string>;
beforeEach(async () => {
  github = await startGitHub();
  env = { ...github.env };
});
afterEach(() => github.stop());

const api = (more: JobEnvironment = {}) => new GitHubApi(readJob(env), { ...env, ...more });
const job = { sha: "c0ffee00".repeat(5), repository: "home/lab", runUrl: "https://github.example.com/run" };

const vm = (name: string, change: object, reason?: string) => ({
  address: `proxmox_virtual_environment_vm.${name}`,
  type: "proxmox_virtual_environment_vm",
  name,
  ...(reason && { action_reason: reason }),
  change,
});
const summaryOf = (
  changes: readonly object[],
  allow: readonly string[] = [],
  more: object = {},
): PlanSummary =>
  reviewPlan(JSON.stringify({ format_version: "1.2", resource_changes: changes, ...more }), allow);
const removed = vm(
  "worker-2",
  { actions: ["delete"], before: { name: "worker-2" } },
  "delete_because_no_resource_config",
);
const changed = vm("cp-1", { actions: ["update"], before: { memory: 4096 }, after: { memory: 8192 } });

describe("the comment of a plan", () => {
  test("says what happens to each node, and what the guard says", () => {
    const text = planComment({ name: "home", summary: summaryOf([changed, removed]), snapshotDiff: "", job });
    expect(text).toMatchSnapshot();
  });

  test.each<[string, readonly object[], readonly string[], string]>([
    ["nothing is lost", [changed], [], "The guard lets it pass: nothing is lost."],
    [
      "what is lost was named",
      [removed],
      ["worker-2"],
      "The guard lets it pass: 1 would be lost, and each is named.",
    ],
    ["nothing changes", [], [], "The guard has nothing to say."],
  ])("where %s", (_, changes, allow, verdict) => {
    expect(planComment({ name: "home", summary: summaryOf(changes, allow), job })).toContain(verdict);
  });

  test("shows warnings, and says where there is no plan", () => {
    const checks = [
      { address: { to_display: "check.x" }, instances: [{ problems: [{ message: "too few\nhosts" }] }] },
    ];
    expect(planComment({ name: "home", summary: summaryOf([], [], { checks }), job })).toContain(
      "- too few hosts",
    );
    expect(planComment({ name: "home", job })).toMatch(
      /Plan of home: none could be made\n\nThe run says why/,
    );
  });

  test("is one comment: written once, then changed; what others wrote stays", async () => {
    const comments = github.repository.commentsOn(7);
    const theirs = github.repository.post({
      body: "<!-- cdktf-proxmox-talos: plan of home -->",
      user: { login: "somebody", type: "User" },
    });
    const anotherBots = github.repository.post({
      body: "<!-- cdktf-proxmox-talos: plan of home -->",
      user: { login: "echo[bot]", type: "Bot" },
    });
    comments.push(
      ...Array.from({ length: 99 }, () => github.repository.post({ body: "hello" })),
      anotherBots,
      theirs,
    );
    const first = await postPlanComment(api(), 7, "home", "one");
    expect(await postPlanComment(api(), 7, "home", "two")).toBe(first);
    expect(await postPlanComment(api(), 7, "staging", "three")).not.toBe(first);
    expect(await postPlanComment(api(), 7, "ho/me", "four")).not.toBe(first);
    expect(comments.slice(99).map(({ body }) => body)).toEqual([
      anotherBots.body,
      theirs.body,
      "<!-- cdktf-proxmox-talos: plan of home -->\ntwo",
      "<!-- cdktf-proxmox-talos: plan of staging -->\nthree",
      "<!-- cdktf-proxmox-talos: plan of ho%2fme -->\nfour",
    ]);
  });

  test("fits into GitHub's limit", async () => {
    const many = Array.from({ length: 2000 }, (_, n) =>
      vm(`worker-${n}`, { actions: ["update"], before: { x: 1 }, after: { x: 2 } }),
    );
    await postPlanComment(api(), 7, "home", planComment({ name: "home", summary: summaryOf(many), job }));
    const [{ body } = { body: "" }] = github.repository.commentsOn(7);
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(body).toMatch(/the rest is too long for GitHub; it is in the artifacts of the run\.$/);
  });
});

test("text of others is shown as it is", () => {
  expect(plain("a | b <img src=x> @everyone [x](http://y) `z`\n# t")).toBe(
    "a \\| b &lt;img src=x\\> @\u200beveryone \\[x\\]\\(http:\u200b//y\\) \\`z\\` \\# t",
  );
  expect(plain("https://evil.example www.evil.example")).toBe(
    "https:\u200b//evil.example www\u200b.evil.example",
  );
  expect(codeBlock("```\n</details>")).toBe("````\n```\n</details>\n````");
});

describe("the issue of drift", () => {
  const difference = {
    node: "worker-2",
    address: "a.b",
    attribute: "tags[2]",
    wanted: "(nothing)",
    found: "by-hand",
  };
  const post = (count: number) =>
    postDriftIssue(api(), {
      name: "home",
      differences: Array.from({ length: count }, () => difference),
      job,
    });

  test("is opened, changed and closed", async () => {
    const { issues } = github.repository;
    issues.push(
      github.repository.post({ body: "<!-- cdktf-proxmox-talos: drift of home -->", pull_request: {} }),
    );
    expect(await post(0)).toBe("none");
    expect(await post(1)).toBe("opened");
    expect(await post(2)).toBe("updated");
    expect(issues).toHaveLength(2);
    const [, issue] = issues;
    expect(issue).toMatchObject({ title: "Drift of home: 2 differences", state: "open" });
    expect(issue?.body).toContain("| worker-2 | tags\\[2\\] | \\(nothing\\) | by-hand |");
    expect(await post(0)).toBe("closed");
    expect(issue?.state).toBe("closed");
    expect(github.repository.commentsOn(issue?.number ?? 0)).toHaveLength(1);
    expect(await post(1)).toBe("opened");
  });
});

describe("the plan of a commit", () => {
  const artifacts = [{ id: 1, name: "plan-home", expired: false }];
  const run = {
    id: 10,
    path: ".github/workflows/plan.yml",
    head_sha: "feed",
    event: "pull_request",
    conclusion: "success",
    run_started_at: "2026-01-31T10:00:00Z",
    head_repository: { full_name: "home/lab" },
    artifacts,
  };
  const pull = {
    number: 3,
    merged_at: "2026-01-31T12:00:00Z",
    head: { sha: "feed", repo: { full_name: "home/lab" } },
  };
  const find = () => findPlan(api(), { job, artifact: "plan-home", workflow: "plan.yml" });

  test("is that of the last run of its pull request, or of a run that was started for it by hand", async () => {
    github.repository.pulls.set(job.sha, [pull]);
    github.repository.runs.push(run, { ...run, id: 12 }, { ...run, id: 11 });
    expect(await find()).toBe(12);
    const skipped = { ...run, id: 13, conclusion: "skipped", artifacts: [] };
    const again = { ...run, id: 9, run_started_at: "2026-01-31T11:00:00Z" };
    github.repository.runs.push(skipped, again);
    expect(await find()).toBe(9);
    github.repository.runs.push({ ...run, id: 5, head_sha: job.sha, event: "workflow_dispatch" });
    expect(await find()).toBe(5);
  });

  test.each<[string, object, object]>([
    ["another workflow", { path: ".github/workflows/evil.yml" }, {}],
    ["a fork", { head_repository: { full_name: "evil/lab" } }, {}],
    ["a pull request of a fork", {}, { head: { sha: "feed", repo: { full_name: "evil/lab" } } }],
    ["a pull request that was not merged", {}, { merged_at: null }],
    ["a run that failed", { conclusion: "failure" }, {}],
    ["a run that has not ended", { conclusion: null }, {}],
    ["a run whose artifact has expired", { artifacts: [{ ...artifacts[0], expired: true }] }, {}],
    ["a run of another cluster", { artifacts: [{ ...artifacts[0], name: "plan-staging" }] }, {}],
  ])("is never that of %s", async (_, runFields, pullFields) => {
    github.repository.pulls.set(job.sha, [{ ...pull, ...pullFields }]);
    github.repository.runs.push({ ...run, ...runFields });
    await expect(find()).rejects.toThrow(
      /^no run of plan.yml has a plan "plan-home" of .*commit c0ffee00c0ff: /,
    );
  });
});

test("an earlier plan never takes the place of one that was refused later", async () => {
  const ours = { path: ".github/workflows/plan.yml", head_repository: { full_name: "home/lab" } };
  const common = { ...ours, artifacts: [{ id: 1, name: "plan-home", expired: false }] };
  const byHand = { ...common, head_sha: job.sha, event: "workflow_dispatch" };
  const find = () => findPlan(api(), { job, artifact: "plan-home", workflow: "plan.yml" });
  github.repository.runs.push({
    ...byHand,
    id: 1,
    conclusion: "success",
    run_started_at: "2026-01-31T10:00:00Z",
  });
  expect(await find()).toBe(1);
  github.repository.runs.push({
    ...byHand,
    id: 2,
    conclusion: "failure",
    run_started_at: "2026-01-31T11:00:00Z",
    artifacts: [],
  });
  await expect(find()).rejects.toThrow(
    'has a plan "plan-home" of commit c0ffee00c0ff: run 2, the last one, ended with failure; start plan.yml',
  );
});

test("a job has a token of its own for others", async () => {
  expect(await oidcToken(env, "tfstate")).toBe("oidc-for-tfstate");
  await expect(oidcToken({}, "tfstate")).rejects.toThrow("permissions: id-token: write");
  await expect(oidcToken({ ...env, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "x" }, "tfstate")).rejects.toThrow(
    "answers 401",
  );
});

describe("an error says what to do", () => {
  test("where it is no job", () => {
    expect(() => readJob({ GITHUB_SHA: "x" })).toThrow(
      "GITHUB_REPOSITORY, GITHUB_SERVER_URL, GITHUB_RUN_ID not set; run this in a job of GitHub Actions",
    );
    expect(() => readJob({ ...env, GITHUB_REPOSITORY: "x/../y" })).toThrow('"x/../y" is no owner/name');
  });

  test("where the token may not, is wrong, or GitHub is away", async () => {
    github.repository.forbidden.add("GET /issues/7/comments");
    await expect(postPlanComment(api(), 7, "home", "x")).rejects.toThrow(
      /^GitHub answers 403 to GET \/issues\/7\/comments: Resource not accessible by integration; give the job the permission/,
    );
    await expect(postPlanComment(api({ GITHUB_TOKEN: "x" }), 7, "home", "x")).rejects.toThrow("401 to GET");
    await github.stop();
    await expect(postPlanComment(api(), 7, "home", "x")).rejects.toThrow(
      "GitHub cannot be reached for GET /issues/7",
    );
  });
});
