import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import type { DurableObjectMigration } from "../../constructs/durable-object-migrations";
import { TFSTATE_WORKER_MIGRATIONS } from "../../constructs/tfstate-worker";
import { BootstrapStack, type BootstrapStackProps } from "../../stacks/bootstrap-stack";
import { type CloudflareStandIn, startCloudflare } from "../../stand-ins/cloudflare";
import { QUICK_KEY } from "../support/quick-key";
import { TofuProject } from "../support/tofu-project";

const V1 = { tag: "v1", newSqliteClasses: ["StateObject", "Directory"] };
const V2 = { tag: "v2", newSqliteClasses: ["Audit"] };
const GRANT = { namespace: "me", scopes: ["read", "lock"] } as const;
const PASSWORD = "hunter2-of-the-owner";
const OTHER_PASSWORD = "hunter3-of-the-owner";
const SCRIPT = "cloudflare_workers_script.tfstate";
const REVISION = "terraform_data.tfstate_revision";
const UPDATE = { [SCRIPT]: ["update"], [REVISION]: ["delete", "create"] };

let cloudflare: CloudflareStandIn;
const folder = mkdtempSync(join(tmpdir(), "bootstrap-stack-"));
const projects: TofuProject[] = [];
beforeAll(async () => {
  cloudflare = await startCloudflare({ folder: join(folder, "cloudflare") });
});
afterAll(async () => {
  for (const project of projects) project.remove();
  await cloudflare.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A small Worker with the classes of the real one: it tells its version, and counts in a Durable Object. */
const code = (version: string) => `
import { DurableObject } from "cloudflare:workers";
export class StateObject extends DurableObject {
  async count() {
    const count = 1 + ((await this.ctx.storage.get("count")) ?? 0);
    await this.ctx.storage.put("count", count);
    return count;
  }
}
export class Directory extends DurableObject {}
export class Passwords extends DurableObject {}
export class Audit extends DurableObject {}
export default {
  async fetch(_, env) {
    const { TFSTATE_JURISDICTION: jurisdiction, TFSTATE_PASSWORD: secret, STATE, PASSWORDS } = env;
    const objects = jurisdiction ? STATE.jurisdiction(jurisdiction) : STATE;
    const count = await objects.getByName("x").count();
    return Response.json({ version: "${version}", count, secret, jurisdiction, passwords: PASSWORDS && true });
  },
  async scheduled() {},
};`;

/** A program with its state; what it deploys is synthesized anew each time, as a user's is. */
class Bootstrap {
  readonly env: Record<string, string>;
  readonly project: TofuProject;

  constructor(
    private readonly workerName: string,
    private readonly account = cloudflare,
  ) {
    this.env = {
      ...account.env,
      TF_VAR_state_passphrase: "correct horse battery staple",
      TF_ENCRYPTION: QUICK_KEY,
      TF_VAR_tfstate_username: "me",
      TF_VAR_tfstate_password: PASSWORD,
    };
    this.project = new TofuProject(this.env);
    projects.push(this.project);
  }

  write(
    version: string,
    migrations: readonly DurableObjectMigration[] = [V1],
    props: Partial<BootstrapStackProps> = {},
  ): this {
    const path = join(folder, "index.mjs");
    writeFileSync(path, code(version));
    const sha256 = createHash("sha256").update(code(version)).digest("hex");
    const outdir = mkdtempSync(join(folder, "out-"));
    const app = new App({ outdir });
    new BootstrapStack(app, "bootstrap", {
      accountId: this.account.accountId,
      bucketName: `${this.workerName}-states`,
      worker: {
        workerName: this.workerName,
        module: { path, sha256, compatibilityDate: "2026-04-01" },
        migrations,
        // Its JSON has quotes within quotes.
        settings: { oidc: [{ audience: "tfstate", rules: [{ subject: "repo:me/*", ...GRANT }] }] },
      },
      state: { backend: "local", path: this.project.stateFile },
      ...props,
    });
    app.synth();
    cpSync(join(outdir, "stacks/bootstrap"), this.project.folder, { recursive: true });
    return this;
  }

  /** Makes of what was written what this program wrote before it knew of jurisdictions. */
  asBefore(): void {
    const file = join(this.project.folder, "cdk.tf.json");
    const program = JSON.parse(readFileSync(file, "utf8"));
    const script = program.resource.cloudflare_workers_script.tfstate;
    script.migrations.new_tag = "v1";
    for (const each of [script, program.locals.tfstate_script.script]) {
      each.bindings = each.bindings.filter(
        ({ name }: { readonly name: string }) => name !== "TFSTATE_JURISDICTION",
      );
    }
    writeFileSync(file, JSON.stringify(program));
  }

  /** Applies and wants nothing to be left to do. */
  async apply(...args: string[]): Promise<void> {
    await this.project.ok("apply", "-input=false", "-auto-approve", ...args);
    expect((await this.project.plan()).exitCode).toBe(0);
  }

  /** @returns what was planned */
  async update(): Promise<Record<string, string[]>> {
    const planned = await this.project.plannedActions();
    await this.apply(this.project.planFile);
    return planned;
  }

  /** A first apply. */
  async deploy(): Promise<this> {
    await this.project.ok("init", "-input=false");
    await this.apply();
    return this;
  }

  async answer(): Promise<unknown> {
    return (await fetch(cloudflare.workerUrl(this.workerName))).json();
  }
}

async function callApi(method: string, path: string): Promise<{ readonly result: unknown }> {
  const response = await fetch(`${cloudflare.apiUrl}/accounts/${cloudflare.accountId}${path}`, {
    method,
    headers: { authorization: `Bearer ${cloudflare.apiToken}` },
  });
  return (await response.json()) as { readonly result: unknown };
}

test("one program, from the first apply to any update, and back", async () => {
  const bootstrap = await new Bootstrap("updates").write("one").deploy();
  expect(await bootstrap.answer()).toEqual({ version: "one", count: 1, secret: PASSWORD });

  expect(await bootstrap.write("two").update()).toEqual(UPDATE);
  expect(await bootstrap.answer()).toEqual({ version: "two", count: 2, secret: PASSWORD });

  expect(await bootstrap.write("one").update()).toEqual(UPDATE);
  expect(await bootstrap.answer()).toEqual({ version: "one", count: 3, secret: PASSWORD });

  // A step is sent with the revision that brings it, and not with the next one, which changes a secret alone.
  expect(await bootstrap.write("three", [V1, V2]).update()).toEqual(UPDATE);
  bootstrap.env.TF_VAR_tfstate_password = OTHER_PASSWORD;
  expect(await bootstrap.update()).toEqual(UPDATE);
  expect(await bootstrap.answer()).toEqual({ version: "three", count: 4, secret: OTHER_PASSWORD });

  const { output } = await bootstrap.project.ok("output", "-raw", "s3_secret_access_key");
  for (const secret of [PASSWORD, OTHER_PASSWORD, output.trim()])
    expect(bootstrap.project.rawState()).not.toContain(secret);
});

test("a Worker that was deployed without the class of a later one gets it with the update, and keeps its objects", async () => {
  const bootstrap = await new Bootstrap("classes")
    .write("one", TFSTATE_WORKER_MIGRATIONS.slice(0, 1))
    .deploy();
  expect(await bootstrap.answer()).toEqual({ version: "one", count: 1, secret: PASSWORD });
  expect(await bootstrap.write("two", TFSTATE_WORKER_MIGRATIONS).update()).toEqual(UPDATE);
  expect(await bootstrap.answer()).toMatchObject({ version: "two", count: 2, passwords: true });
  expect(await bootstrap.write("three", TFSTATE_WORKER_MIGRATIONS).update()).toEqual(UPDATE);
  expect(await bootstrap.answer()).toMatchObject({ version: "three", count: 3, passwords: true });
});

describe("in a jurisdiction", () => {
  const eu = { jurisdiction: "eu" } as const;

  test("the objects of a new Worker are in it, and stay there, even where the state of the stack is lost", async () => {
    const bootstrap = await new Bootstrap("inside").write("one", [V1], eu).deploy();
    expect(await bootstrap.answer()).toMatchObject({ count: 1, jurisdiction: "eu" });
    expect(await bootstrap.write("two", [V1, V2], eu).update()).toEqual(UPDATE);
    expect(await bootstrap.answer()).toMatchObject({ count: 2, jurisdiction: "eu" });
    await bootstrap.project.ok("state", "rm", SCRIPT, REVISION);
    await bootstrap.project.ok("import", "-input=false", SCRIPT, `${cloudflare.accountId}/inside`);
    await bootstrap.write("three", [V1, V2], eu).apply();
    expect(await bootstrap.answer()).toMatchObject({ version: "three", count: 3, jurisdiction: "eu" });
  });

  test("the objects of a Worker that was deployed without it stay where they are", async () => {
    const bootstrap = new Bootstrap("outside").write("one", [V1], eu);
    bootstrap.asBefore();
    await bootstrap.deploy();
    expect(await bootstrap.answer()).toEqual({ version: "one", count: 1, secret: PASSWORD });
    expect(await bootstrap.write("two", [V1, V2], eu).update()).toEqual(UPDATE);
    expect(await bootstrap.answer()).toMatchObject({ version: "two", count: 2, jurisdiction: "" });
    expect(await bootstrap.write("three", [V1, V2], eu).update()).toEqual(UPDATE);
    expect(await bootstrap.answer()).toMatchObject({ version: "three", count: 3, jurisdiction: "" });
  });
});

test("where R2 chooses another location than wished for, nothing is left to do", async () => {
  const elsewhere = await startCloudflare({ folder: join(folder, "elsewhere"), location: "enam" });
  try {
    const bootstrap = new Bootstrap("elsewhere", elsewhere);
    await bootstrap.write("one", [V1], { locationHint: "weur" }).deploy();
  } finally {
    await elsewhere.close();
  }
});

test("a fresh account gets all steps at once; where the answer was lost, -replace looks at the tag again", async () => {
  const bootstrap = await new Bootstrap("lost").write("one", [V1, V2]).deploy();
  await bootstrap.project.ok("state", "rm", SCRIPT);
  const { exitCode, said } = await bootstrap.project.apply();
  expect(exitCode).toBe(1);
  expect(said).toContain("migration tag precondition failed");
  await bootstrap.apply(`-replace=${REVISION}`);
  expect(await bootstrap.answer()).toMatchObject({ version: "one", count: 1 });
});

test("a Worker that was deleted elsewhere is made anew, with its classes", async () => {
  const bootstrap = await new Bootstrap("deleted").write("one").deploy();
  await bootstrap.write("two").update();
  await callApi("DELETE", "/workers/scripts/deleted");
  await bootstrap.project.ok("apply", "-input=false", "-auto-approve");
  expect(await bootstrap.answer()).toMatchObject({ version: "two", count: 1 });
  expect(await bootstrap.project.plannedActions()).toEqual({ [SCRIPT]: ["update"] });
  await bootstrap.apply();
});

test("a Worker of another program is told by its tag, and left alone", async () => {
  await new Bootstrap("foreign").write("theirs", [{ ...V1, tag: "theirs" }]).deploy();
  const bootstrap = new Bootstrap("foreign").write("ours", [V1], { bucketName: "ours-states" });
  await bootstrap.project.ok("init", "-input=false");
  const { exitCode, said } = await bootstrap.project.apply("-target=cloudflare_workers_script.tfstate");
  expect(exitCode).toBe(1);
  expect(said).toContain(
    'carries the migration tag "theirs", which this program does not know (it knows v1)',
  );
  expect(await bootstrap.answer()).toMatchObject({ version: "theirs" });
});

test("a destroy is refused; then an apply lifts guard and lock, and one destroy takes it all", async () => {
  const bootstrap = await new Bootstrap("destroyed").write("one").deploy();
  const { exitCode, said } = await bootstrap.project.destroy();
  expect(exitCode).toBe(1);
  expect(said).toContain("prevent_destroy");
  await bootstrap.write("one", [V1], { allowDestroy: true }).apply();
  expect(await callApi("GET", "/r2/buckets/destroyed-states/lock")).toMatchObject({ result: { rules: [] } });
  await bootstrap.project.ok("destroy", "-input=false", "-auto-approve");
  const { result } = await callApi("GET", "/workers/scripts");
  expect(result).not.toContainEqual(expect.objectContaining({ id: "destroyed" }));
});
