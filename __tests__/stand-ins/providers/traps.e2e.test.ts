import { rmSync } from "node:fs";
import type { TofuProject } from "../../support/tofu-project";
import { type Answer, type Recorded, RecordingCloudflare } from "./support/recording-cloudflare";
import * as stack from "./support/stack";

// What surprises in the real provider, and what our program and our local Cloudflare are built around.
let api: RecordingCloudflare;
let project: TofuProject;

beforeAll(async () => {
  api = await RecordingCloudflare.start();
  project = stack.projectFor(api);
  write({ r2_bucket: stack.bucket });
  await project.ok("init", "-input=false");
});
beforeEach(() => {
  api.reset();
  rmSync(project.stateFile, { force: true });
});
afterAll(async () => {
  await api.stop();
  project.remove();
});

const write = (resources: Record<string, object>, rest?: object) =>
  project.write(stack.template(project, resources, rest));
const apply = () => project.ok("apply", "-input=false", "-auto-approve");
/** Overrides the answer to one request. */
const answers = (pattern: RegExp, answer: (usual: Recorded) => Answer | undefined) => {
  api.override = (request) =>
    pattern.test(`${request.method} ${request.path}`) ? answer(request) : undefined;
};

describe("a bucket", () => {
  it("is replaced when its location is not the configured one, whatever its case", async () => {
    write({ r2_bucket: stack.bucket });
    await apply();
    const [, bucket] = [...api.buckets][0] ?? ["", {}];
    answers(/GET r2/, () => ({ result: { ...bucket, location: "WEUR" } }));
    expect(await stack.planned(project)).toEqual({});
    answers(/GET r2/, () => ({ result: { ...bucket, location: "ENAM" } }));
    expect(await stack.planned(project)).toEqual({ "cloudflare_r2_bucket.it": "replace" });
    answers(/GET r2/, () => ({ result: { ...bucket, location: undefined } }));
    expect(await stack.planned(project)).toEqual({ "cloudflare_r2_bucket.it": "replace" });

    // If it is left out, the server chooses it, and the plan stays empty.
    const { location: _, ...elsewhere } = stack.bucket;
    write({ r2_bucket: elsewhere });
    answers(/GET r2/, () => ({ result: { ...bucket, location: "ENAM" } }));
    expect(await stack.planned(project)).toEqual({});
  });

  it("cannot be moved to another jurisdiction: an update under the new one does not find it", async () => {
    write({ r2_bucket: stack.bucket });
    await apply();
    write({ r2_bucket: { ...stack.bucket, jurisdiction: "eu" } });
    expect(await stack.planned(project)).toEqual({ "cloudflare_r2_bucket.it": "update" });
    api.taken();
    const failed = await project.apply();
    expect(failed.exitCode).toBe(1);
    expect(failed.said).toMatch(/failed to make http request.*PATCH "http:.*": 404 Not Found/);
    expect(api.requests.at(-1)?.headers["cf-r2-jurisdiction"]).toBe("eu");
    expect(project.rawState()).toContain('"jurisdiction": "default"');
  });

  it("is removed from the state when it is gone, but cannot be destroyed then", async () => {
    write({ r2_bucket: stack.bucket });
    await apply();
    answers(/DELETE/, () => ({ status: 404 }));
    const destroyed = await project.destroy();
    expect(destroyed.said).toMatch(/DELETE "http:.*r2\/buckets\/tfstate": 404/);
    api.override = () => undefined;
    api.buckets.clear();
    const planned = await project.plan();
    expect(planned.said).toContain(
      "The resource was not found on the server and will be removed from state.",
    );
    expect(planned.said).toContain("1 to add");
  });
});

it("tries temporary errors three times in all, also a POST, and no other errors", async () => {
  write({ r2_bucket: stack.bucket });
  for (const [status, attempts] of [
    [409, 3],
    [500, 3],
    [429, 3],
    [400, 1],
    [403, 1],
  ] as const) {
    api.taken();
    answers(/POST/, () => ({ status, headers: { "retry-after": "0" } }));
    const { exitCode, said } = await project.apply();
    expect(exitCode).toBe(1);
    expect(said).toMatch(new RegExp(`POST "http:.*/r2/buckets": ${status} .*an error ${status}`));
    expect(api.requests.map(({ headers }) => headers["x-stainless-retry-count"])).toEqual(
      ["0", "1", "2"].slice(0, attempts),
    );
  }
});

describe("a script", () => {
  it("sends the configured migrations with every upload, so the same ones fail", async () => {
    const before = stack.script(project);
    write({ workers_script: before });
    await apply();
    write({ workers_script: stack.script(project, "export default 2\n") });
    const failed = await project.apply();
    expect(failed.said).toMatch(/412 Precondition Failed.*got tag '' when expected tag is 'v1'/);
    expect(api.requests.filter(({ method }) => method === "PUT")).toHaveLength(2); // 412 is not repeated
    expect(project.rawState()).toContain(before.content_sha256);

    const changed = {
      ...stack.script(project, "export default 2\n"),
      migrations: { old_tag: "v1", new_tag: "v1" },
    };
    write({ workers_script: changed });
    await apply();
    expect(await stack.planned(project)).toEqual({});

    // They are taken from the configuration and not from the plan.
    const lifecycle = { ignore_changes: ["migrations"] };
    write({
      workers_script: { ...stack.script(project, "export default 3\n"), migrations: null, lifecycle },
    });
    const inconsistent = await project.apply();
    expect(inconsistent.said).toMatch(/inconsistent result after apply.*\.migrations/);
  });

  it("differs when settings say more, or say nothing of flags; bindings are not compared", async () => {
    write({ workers_script: stack.script(project) });
    await apply();
    const usual = {
      compatibility_date: "2025-11-01",
      compatibility_flags: ["nodejs_compat"],
      observability: { enabled: true, head_sampling_rate: 0.1 },
      bindings: [{ type: "secret_text", name: "PASSWORD" }] as object[],
      placement: {},
    };
    const planned = (settings: object) => {
      answers(/settings/, () => ({ result: { ...usual, ...settings } }));
      return stack.planned(project);
    };
    const update = { "cloudflare_workers_script.it": "update" };
    // Neither a removed binding nor an added secret is noticed.
    expect(await planned({})).toEqual({});
    expect(await planned({ observability: undefined })).toEqual({});
    const logs = { enabled: true, invocation_logs: true, head_sampling_rate: 1, persist: true };
    expect(await planned({ observability: { ...usual.observability, traces: {} } })).toEqual({});
    expect(await planned({ observability: { ...usual.observability, logs } })).toEqual(update);
    expect(await planned({ compatibility_flags: undefined })).toEqual(update);
    expect(await planned({ bindings: [] })).toEqual(update); // the secret is gone
    const added = { type: "plain_text", name: "NEW", text: "x" };
    expect(await planned({ bindings: [...usual.bindings, added] })).toEqual(update);
    const secret = { type: "secret_text", name: "OTHER" };
    expect(await planned({ bindings: [...usual.bindings, secret] })).toEqual({});
    answers(/content\/v2/, () => ({ raw: { contentType: "application/javascript+module", body: "other" } }));
    expect(await stack.planned(project)).toEqual(update);
    const form =
      "--b\r\ncontent-disposition: form-data; name=index.mjs\r\n\r\nexport default {}\n\r\n--b--\r\n";
    answers(/content\/v2/, () => ({ raw: { contentType: "multipart/form-data; boundary=b", body: form } }));
    expect(await stack.planned(project)).toEqual({});
  });

  it("accepts a secret that was set by other means", async () => {
    const [bucket, lock] = stack.script(project).bindings;
    write({
      workers_script: { ...stack.script(project), bindings: [bucket, lock], keep_bindings: ["secret_text"] },
    });
    await apply();
    expect(api.requests.at(-1)?.body).toContain('"keep_bindings":["secret_text"]');
    expect(await stack.planned(project)).toEqual({});
  });

  it("does not use the answer to an upload", async () => {
    write({ workers_script: stack.script(project) });
    answers(/^PUT workers/, () => ({ result: {} }));
    await apply();
    expect(JSON.parse(project.rawState()).resources[0].instances[0].attributes).toMatchObject({
      etag: null,
      handlers: null,
      migration_tag: null,
      placement: null,
    });
  });
});

it("replaces a custom domain for an environment that is answered and not configured", async () => {
  const { environment: _, ...unsaid } = stack.domain;
  write({ workers_script: stack.script(project), workers_custom_domain: unsaid });
  await apply();
  expect(await stack.planned(project)).toEqual({
    "cloudflare_workers_custom_domain.it": "replace",
  });
});

it("updates again what an answer leaves out: rules and previews; it does not see cron triggers", async () => {
  write({
    r2_bucket: stack.bucket,
    r2_bucket_lock: stack.lock,
    workers_script: stack.script(project),
    workers_script_subdomain: { ...stack.subdomain, previews_enabled: false },
    workers_cron_trigger: stack.cron("0 * * * *"),
  });
  await apply();
  answers(/GET .*(lock|subdomain|schedules)$/, ({ path }) => ({
    result: path.endsWith("subdomain") ? { enabled: true } : {},
  }));
  expect(await stack.planned(project)).toEqual({
    "cloudflare_r2_bucket_lock.it": "update",
    "cloudflare_workers_script_subdomain.it": "update",
  });
});

it("compares the resources of a token byte by byte", async () => {
  write({ r2_bucket: stack.bucket, account_token: stack.token("s3") }, stack.permissionGroups);
  answers(/POST tokens/, ({ body }) => ({
    raw: {
      contentType: "application/json",
      body: `{"result":${JSON.stringify({ ...JSON.parse(body), id: "1", value: "v" }).replace('":"*"', '": "*"')}}`,
    },
  }));
  const { said } = await project.apply();
  expect(said).toMatch(/inconsistent result after apply.*\.policies/);
});

it("imports by the IDs of the real provider, and only what that can import", async () => {
  const resources = {
    r2_bucket: stack.bucket,
    workers_script: stack.script(project),
    account_token: stack.token("s3"),
  };
  write({ ...resources, r2_bucket_lock: stack.lock }, stack.permissionGroups);
  await apply();
  await project.ok(
    "state",
    "rm",
    "cloudflare_r2_bucket.it",
    "cloudflare_workers_script.it",
    "cloudflare_account_token.it",
  );
  const imported = (type: string, id: string) =>
    project.run("import", "-input=false", `cloudflare_${type}.it`, `${stack.account_id}/${id}`);

  const short = await imported("r2_bucket", "tfstate");
  expect(short.said).toContain('expected urlencoded segments "<account_id>/<bucket_name>/<jurisdiction>"');
  expect((await imported("r2_bucket", "tfstate/default")).exitCode).toBe(0);
  api.taken();
  expect((await imported("workers_script", "tfstate")).exitCode).toBe(0);
  expect(api.requests.find(({ path }) => path === "workers/scripts/tfstate")?.headers.accept).toBe(
    "application/javascript",
  );
  expect((await imported("account_token", "f".repeat(32))).exitCode).toBe(0);
  expect(project.rawState()).toContain('"value": null'); // told once
  expect((await imported("r2_bucket_lock", "tfstate/default")).exitCode).toBe(1);

  // The script's file and secrets are in the configuration only; all else is as before.
  expect(await stack.planned(project)).toEqual({ "cloudflare_workers_script.it": "update" });
});

it("refuses a configuration that the schema or the real provider refuses", async () => {
  const script = stack.script(project);
  const noFile = { ...script, content_file: null, content_sha256: null };
  const halfSecond = { type: "Age", max_age_seconds: 0.5 };
  write(
    {},
    {
      resource: {
        cloudflare_workers_script: {
          mismatch: { ...script, content_sha256: "0".repeat(64) },
          both: { ...script, content: "x", content_sha256: null },
          unhashed: { ...script, content_sha256: null },
          none: noFile,
          computed: { ...script, etag: "x" },
          binding: { ...script, bindings: [{ type: "r3", name: "B" }] },
        },
        cloudflare_r2_bucket: { it: { ...stack.bucket, location: "mars" } },
        cloudflare_r2_bucket_lock: {
          it: {
            account_id: "a",
            bucket_name: "b",
            rules: [{ ...stack.lock.rules[0], condition: halfSecond }],
          },
        },
        cloudflare_account_token: {
          it: { account_id: "a", name: "t", policies: [], expires_on: "tomorrow" },
        },
        cloudflare_workers_custom_domain: { it: { ...stack.domain, service: "s" } },
      },
    },
  );
  const { exitCode, said } = await project.run("validate");
  expect(exitCode).toBe(1);
  expect(said).toMatch(
    new RegExp(
      `SHA-256 Hash Mismatch.*'${"0".repeat(64)}' does not match the actual hash '${script.content_sha256}'`,
    ),
  );
  for (const error of [
    "Invalid Attribute Combination",
    'Attribute "content_file" cannot be specified when "content" is specified',
    'Attribute "content_sha256" must be specified when "content_file" is specified',
    "At least one of these attributes must be configured: [content,content_file,assets]",
    "Invalid Configuration for Read-Only Attribute",
    "Attribute bindings[0].type value must be one of:",
    "Attribute location value must be one of:",
    "is not an integer",
    "Invalid RFC3339 String Value",
    "This attribute is deprecated",
  ]) {
    expect(said).toContain(error);
  }

  write({ r2_bucket: stack.bucket }, { provider: { cloudflare: { api_token: "short" } } });
  expect((await project.run("validate")).said).toContain("API tokens must be 40 characters long");
});
