import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "../support/running-program";
import { resolveActionlint, resolveZizmor } from "./support/linters";

const WORKFLOWS = join(ROOT, ".github/workflows");
const TEMPLATES = join(ROOT, "init/templates/github");
const names = readdirSync(WORKFLOWS);
/** A workflow, as far as it is looked at here. */
interface Workflow {
  readonly on: { readonly workflow_call?: { readonly secrets?: object; readonly inputs?: object } };
  readonly jobs: Record<
    string,
    { readonly steps?: readonly { uses?: string; run?: string }[]; with?: object; secrets?: object }
  >;
}
const read = (path: string): Workflow => parse(readFileSync(path, "utf8"));
/** YAML does not take a value that begins with the sign of our placeholders. */
const readTemplate = (name: string): Workflow =>
  parse(readFileSync(join(TEMPLATES, `${name}.template`), "utf8").replaceAll("@@", ""));

/** A repository with all workflows in it, the callers beside what they call. */
const repository = mkdtempSync(join(tmpdir(), "workflows-"));
const folder = join(repository, ".github/workflows");
beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(repository, ".git"));
  for (const name of names) writeFileSync(join(folder, name), readFileSync(join(WORKFLOWS, name)));
  for (const template of readdirSync(TEMPLATES)) {
    const name = template.replace(/\.template$/, "");
    const text = readFileSync(join(TEMPLATES, template), "utf8");
    expect(text).toContain(`uses: @@repository@@/.github/workflows/${name}@@@commit@@`);
    // In the same repository, actionlint knows what the called workflow takes.
    writeFileSync(join(folder, `call-${name}`), text.replace(/@@repository@@(\S+)@@@commit@@/, ".$1"));
    writeFileSync(
      join(folder, `init-${name}`),
      text.replace("@@repository@@", "home/tools").replace("@@commit@@", "a".repeat(40)),
    );
  }
});
afterAll(() => rmSync(repository, { recursive: true }));

const filesIn = () => readdirSync(folder).map((name) => join(folder, name));

test("actionlint finds nothing, and does find what is wrong", async () => {
  const actionlint = await resolveActionlint();
  expect(await actionlint(...filesIn())).toEqual([0, ""]);
  const wrong = join(folder, "call-plan.yml");
  writeFileSync(wrong, readFileSync(wrong, "utf8").replace("      name: cluster", "      nmae: cluster"));
  expect(await actionlint(wrong)).toEqual([1, expect.stringContaining('input "nmae" is not defined')]);
});

test("zizmor finds nothing, and does find what is wrong", async () => {
  const zizmor = await resolveZizmor();
  // The callers as they are written for another repository.
  const said = await zizmor(...filesIn().filter((path) => !/call-/.test(path)));
  expect(said).toEqual([0, expect.stringContaining("No findings to report")]);
  const wrong = join(folder, "ci.yml");
  writeFileSync(wrong, readFileSync(wrong, "utf8").replace(/@3d3c\S+/, "@v5"));
  expect((await zizmor(wrong))[1]).toContain("unpinned-uses");
});

describe.each(names)("%s", (name) => {
  const { jobs, on } = read(join(WORKFLOWS, name));
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);

  test("pins actions by commit, and puts no expression into a shell", () => {
    for (const { uses, run = "" } of steps) {
      if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      expect(run).not.toContain("${{");
    }
  });

  test("is called with each of its secrets, where it is called", () => {
    if (on.workflow_call === undefined) return;
    const caller = readTemplate(name);
    const [job] = Object.values(caller.jobs);
    expect(Object.keys(job?.secrets ?? {})).toEqual(Object.keys(on.workflow_call.secrets ?? {}));
  });
});
