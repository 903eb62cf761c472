import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "../support/running-program";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly needs?: string | readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
const text = readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8");
const { on, permissions, jobs } = parse(text) as {
  readonly on: object;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
};

test("only a tag that looks like a version starts it, and it has no secret", () => {
  expect(on).toEqual({ push: { tags: ["v[0-9]+.[0-9]+.[0-9]+"] } });
  expect(text).not.toContain("secrets.");
});

test("a job has no right that it does not need", () => {
  expect(permissions).toEqual({});
  expect(Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.permissions]))).toEqual({
    pack: { contents: "read" },
    npm: { "id-token": "write" },
    image: { contents: "read", packages: "write" },
    github: { contents: "write" },
  });
});

test("nothing is published that was not tested, and the release comes last", () => {
  const needs = Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.needs]));
  expect(needs).toEqual({ pack: undefined, npm: "pack", image: "pack", github: ["npm", "image"] });
  const order = jobs.pack?.steps.map(({ name }) => name).filter(Boolean);
  expect(order).toEqual(["Install", "Check the tag", "Test", "Pack"]);
});

test("who may publish to npm or write to the repository runs nothing of the repository", () => {
  for (const job of [jobs.npm, jobs.github]) {
    for (const { uses = "", run = "" } of job?.steps ?? []) {
      expect(uses).not.toContain("checkout");
      expect(run).not.toMatch(/npm (ci|install|run|exec)|npx/);
    }
  }
  expect(jobs.npm?.steps.at(-1)?.run).toContain("--ignore-scripts");
});

describe("its shell steps", () => {
  let folder: string;
  let log: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "release-steps-"));
    log = join(folder, "log");
    mkdirSync(join(folder, "bin"));
    // Say how they were called; npm also does what the step goes on with.
    program("docker", '[ "$1" != login ] || cat >>"$LOG"');
    program("gh", "");
    program("npm", 'if [ "$1" = pack ]; then touch "$3/package-1.2.3.tgz"; else echo "said by $*"; fi');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function program(name: string, more: string): void {
    const path = join(folder, "bin", name);
    writeFileSync(path, `#!/bin/sh\necho "${name} $*" >>"$LOG"\n${more}\n`);
    chmodSync(path, 0o755);
  }

  /** Runs a step as GitHub does. @returns how it called other programs */
  function run(job: string, name: string, ref = "v1.2.3"): readonly string[] {
    const step = jobs[job]?.steps.find((each) => each.name === name);
    const { status, stderr } = spawnSync(
      "bash",
      ["--noprofile", "--norc", "-eo", "pipefail", "-c", step?.run ?? "exit 9"],
      {
        cwd: folder,
        encoding: "utf8",
        env: {
          ...Object.fromEntries(Object.keys(step?.env ?? {}).map((key) => [key, `value of ${key}`])),
          PATH: `${join(folder, "bin")}:${process.env.PATH}`,
          LOG: log,
          RUNNER_TEMP: folder,
          GITHUB_REF_NAME: ref,
          GITHUB_REPOSITORY: "Home/Lab",
          GITHUB_SERVER_URL: "https://github.example.com",
          GITHUB_SHA: "c0ffee",
          GITHUB_ACTOR: "somebody",
          GITHUB_STEP_SUMMARY: join(folder, "summary"),
        },
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return readFileSync(log, "utf8").trim().split("\n");
  }

  test("pack writes what the later jobs publish", () => {
    expect(run("pack", "Pack")[0]).toBe(
      "npm pkg set repository.type=git repository.url=git+https://github.example.com/Home/Lab.git",
    );
    const release = join(folder, "release");
    expect(readdirSync(release)).toEqual(["notes.md", "package-1.2.3.tgz", "sbom.cdx.json"]);
    expect(readFileSync(join(release, "notes.md"), "utf8")).toBe(
      "said by run --silent release -- notes https://github.example.com/Home/Lab/blob/v1.2.3/\n",
    );
    expect(readFileSync(join(release, "sbom.cdx.json"), "utf8")).toBe(
      "said by run --silent release -- sbom\n",
    );

    writeFileSync(log, "");
    expect(run("npm", "Publish")).toEqual([
      "npm publish ./release/package-1.2.3.tgz --provenance --access public --ignore-scripts",
    ]);
    writeFileSync(log, "");
    expect(run("github", "Make the release")).toEqual([
      "gh release create v1.2.3 --repo Home/Lab --verify-tag --title v1.2.3 --notes-file release/notes.md release/package-1.2.3.tgz release/sbom.cdx.json",
    ]);
  });

  test("the image has a name in lower case and the version of the tag, and the token is in no argument", () => {
    const called = run("image", "Push");
    expect(called).toEqual([
      "docker login ghcr.io --username somebody --password-stdin",
      "value of TOKEN",
      "docker tag image ghcr.io/home/lab-ci:1.2.3",
      "docker push ghcr.io/home/lab-ci:1.2.3",
      "docker logout ghcr.io",
      "docker inspect --format {{index .RepoDigests 0}} ghcr.io/home/lab-ci:1.2.3",
    ]);
  });

  test("a tag is checked as one word, whatever is in it", () => {
    expect(run("pack", "Check the tag", 'v1; touch "hacked"')).toEqual([
      'npm run --silent release -- check v1; touch "hacked"',
    ]);
    expect(readdirSync(folder)).not.toContain("hacked");
  });
});
