import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TerraformStack } from "cdktf";
import { R2Backend } from "../../../../constructs/r2-backend";
import { newApp, synthStack } from "../../../support/synth";
import { TofuProject } from "../../../support/tofu-project";
import { clientOf, type S3StandIn, startS3, WRITER } from "./support/stand-in";

const STATE = "/tfstate/prod/terraform.tfstate";
const LOCK = `${STATE}.tflock`;

let s3: S3StandIn;
const projects: TofuProject[] = [];
beforeEach(async () => {
  s3 = await startS3();
});
afterEach(async () => {
  for (const project of projects.splice(0)) project.remove();
  await s3.close();
});

/** A stack without providers; its resource is not done before the file `release` is there. */
function template(input: string): object {
  const stack = new TerraformStack(newApp(), "prod");
  new R2Backend(stack, { bucket: "tfstate", key: "prod/terraform.tfstate" });
  stack.addOverride("resource.terraform_data.step", {
    input,
    triggers_replace: [input],
    provisioner: [{ "local-exec": { command: "while [ ! -e release ]; do sleep 0.1; done" } }],
  });
  stack.prepareStack();
  return synthStack(stack);
}

async function client(input: string, { released = true } = {}): Promise<TofuProject> {
  const project = new TofuProject({
    AWS_ACCESS_KEY_ID: WRITER.accessKeyId,
    AWS_SECRET_ACCESS_KEY: WRITER.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.url,
  });
  projects.push(project);
  project.write(template(input));
  if (released) release(project);
  await project.ok("init", "-input=false");
  return project;
}

const release = (project: TofuProject): void => writeFileSync(join(project.folder, "release"), "");
const locks = (): number => s3.requests.filter((each) => each.startsWith(`PUT ${LOCK}`)).length;
const status = async (path: string): Promise<number> => (await clientOf(WRITER).fetch(s3.url + path)).status;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(50);
}

test("init, apply, an empty plan and destroy, with the lock around each write", async () => {
  const project = await client("one");
  await project.ok("apply", "-input=false", "-auto-approve");
  const writes = s3.requests.filter((each) => /^(PUT|DELETE)/.test(each)).map((each) => each.split("?")[0]);
  expect(writes[0]).toBe(`PUT ${LOCK}`);
  expect(writes.at(-1)).toBe(`DELETE ${LOCK}`);
  expect(new Set(writes.slice(1, -1))).toEqual(new Set([`PUT ${STATE}`]));
  expect([await status(STATE), await status(LOCK)]).toEqual([200, 404]);

  expect((await project.plan()).exitCode).toBe(0);
  expect((await (await client("one")).plan()).exitCode).toBe(0);

  await project.ok("destroy", "-input=false", "-auto-approve");
  const state = await (await clientOf(WRITER).fetch(s3.url + STATE)).json();
  expect(state).toMatchObject({ resources: [] });
});

test("a second client sees who holds the lock, or waits for it", async () => {
  const first = await client("one", { released: false });
  const second = await client("one");
  const applied = first.apply();
  await until(() => locks() === 1);

  const refused = await second.plan();
  expect(refused.exitCode).toBe(1);
  expect(refused.said).toMatch(/Error acquiring the state lock.*OperationTypeApply/);

  const waiting = second.plan("-lock-timeout=120s");
  await until(() => locks() >= 4);
  release(first);
  expect((await applied).exitCode).toBe(0);
  expect((await waiting).exitCode).toBe(0);
});

test("the lock of a killed client can be forced, and the state can be used again", async () => {
  const dying = await client("one", { released: false });
  const next = await client("two");
  const child = dying.start(["apply", "-input=false", "-auto-approve"]);
  await until(() => locks() === 1);
  const ended = new Promise((resolve) => child.once("close", resolve));
  if (child.pid) process.kill(-child.pid, "SIGKILL");
  await ended;
  expect(await status(LOCK)).toBe(200);

  const refused = await next.apply();
  const [, id = ""] = /ID:\s+([0-9a-f-]{36})/.exec(refused.output) ?? [];
  expect([refused.exitCode, id]).toEqual([1, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  expect((await next.run("force-unlock", "-force", id.replace(/^./, "x"))).exitCode).toBe(1);
  await next.ok("force-unlock", "-force", id);
  expect(await status(LOCK)).toBe(404);
  await next.ok("apply", "-input=false", "-auto-approve");
  expect((await next.plan()).exitCode).toBe(0);
  expect(existsSync(join(next.folder, "errored.tfstate"))).toBe(false);
});
