import type { TofuProject } from "../../support/tofu-project";
import { multipart, RecordingCloudflare } from "./support/recording-cloudflare";
import * as stack from "./support/stack";

// The whole life of a stack with every resource that is carried out, on real OpenTofu: what goes over the wire, and
// that nothing is left to do afterwards. The same with the real provider, where TF_CLI_CONFIG_FILE names a mirror of it.
let api: RecordingCloudflare;
let project: TofuProject;
const whole = (maxAge: number, tokenName: string, crons: string[]) => ({
  r2_bucket: stack.bucket,
  r2_bucket_lifecycle: stack.lifecycle(maxAge),
  r2_bucket_lock: stack.lock,
  workers_script: stack.script(project),
  workers_script_subdomain: stack.subdomain,
  workers_custom_domain: stack.domain,
  workers_cron_trigger: stack.cron(...crons),
  account_token: stack.token(tokenName),
});
const POLICY =
  '"policies":[{"effect":"allow","permission_groups":[{"id":"11111111111111111111111111111111"}],' +
  '"resources":{"com.cloudflare.edge.r2.bucket.a_default_tfstate":"*"}}]';
const GROUPS = "GET tokens/permission_groups?name=Workers+R2+Storage+Bucket+Item+Write";
const rules = (maxAge: number) =>
  '{"rules":[{"abortMultipartUploadsTransition":{"condition":{"maxAge":' +
  maxAge +
  ',"type":"Age"}},"conditions":{"prefix":""},"enabled":true,"id":"uploads"}]}';

beforeAll(async () => {
  api = await RecordingCloudflare.start();
  project = stack.projectFor(api);
  project.write(stack.template(project, whole(604800, "s3", ["*/5 * * * *"]), stack.permissionGroups));
  await project.ok("init", "-input=false");
});
afterAll(async () => {
  await api.stop();
  project.remove();
});

it("creates with the requests of the real provider", async () => {
  const applied = await project.ok("apply", "-input=false", "-auto-approve");
  expect(applied.said).toContain("Resource Destruction Considerations");
  const uploads = api.requests.filter(({ path }) => path === "workers/scripts/tfstate");
  const others = api.requests.filter(({ path }) => path !== "workers/scripts/tfstate");
  const [posted] = others.filter(({ method }) => method === "POST");
  api.requests.splice(0, api.requests.length, ...others);
  expect(api.taken().sort()).toEqual([
    GROUPS,
    'POST r2/buckets {"locationHint":"weur","name":"tfstate","storageClass":"Standard"}',
    `POST tokens {"expires_on":"2030-01-01T00:00:00Z","name":"s3",${POLICY}}`,
    'POST workers/scripts/tfstate/subdomain {"enabled":true}',
    `PUT r2/buckets/tfstate/lifecycle ${rules(604800)}`,
    'PUT r2/buckets/tfstate/lock {"rules":[{"condition":{"maxAgeSeconds":86400,"type":"Age"},"enabled":true,"id":"history","prefix":"history/"}]}',
    'PUT workers/domains {"environment":"production","hostname":"state.example.com","service":"tfstate","zone_id":"zone-1"}',
    'PUT workers/scripts/tfstate/schedules [{"cron":"*/5 * * * *"}]',
  ]);
  expect(posted?.headers).toMatchObject({
    accept: "application/json",
    "accept-encoding": "gzip",
    authorization: `Bearer ${stack.API_TOKEN}`,
    "cf-r2-jurisdiction": "default",
    "content-type": "application/json",
    "user-agent": expect.stringMatching(
      /^terraform-provider-cloudflare\/\S+ terraform-plugin-framework\/\S+ terraform\/1\.\d+\.\d+$/,
    ),
    "x-stainless-retry-count": "0",
    "x-stainless-lang": "Terraform",
  });

  expect(uploads.map(({ method }) => method)).toEqual(["PUT"]);
  const parts = multipart(uploads[0]?.headers ?? {}, uploads[0]?.body ?? "");
  expect(parts).toEqual([
    {
      headers: [
        'Content-Disposition: form-data; name="index.mjs"; filename="index.mjs"',
        "Content-Type: application/javascript+module",
      ],
      text: "export default {}\n",
    },
    {
      headers: ['Content-Disposition: form-data; name="metadata"', "Content-Type: application/json"],
      text:
        '{"bindings":[{"bucket_name":"tfstate","name":"BUCKET","type":"r2_bucket"},' +
        '{"class_name":"StateLock","name":"LOCK","type":"durable_object_namespace"},' +
        '{"name":"PASSWORD","text":"a\\u003cb","type":"secret_text"}],' +
        '"compatibility_date":"2025-11-01","compatibility_flags":["nodejs_compat"],"logpush":false,' +
        '"main_module":"index.mjs","migrations":{"new_sqlite_classes":["StateLock"],"new_tag":"v1"},' +
        '"observability":{"enabled":true,"head_sampling_rate":0.1},"usage_model":"standard"}',
    },
  ]);
});

it("keeps in the state what the real provider keeps", () => {
  const { resources } = JSON.parse(project.rawState());
  const attributes = (type: string) =>
    resources.find((resource: { type: string }) => resource.type === `cloudflare_${type}`).instances[0]
      .attributes;
  expect(attributes("workers_script")).toMatchObject({
    id: "tfstate",
    content: null,
    created_on: "2025-11-01T00:00:00Z",
    etag: "etag",
    migration_tag: "v1",
    migrations: { new_tag: "v1", new_sqlite_classes: ["StateLock"], old_tag: null },
    named_handlers: [{ name: "StateLock", handlers: ["class"] }],
    placement: null,
    startup_time_ms: 3,
  });
  const [, durableObject, secret] = attributes("workers_script").bindings;
  expect(durableObject.namespace_id).toBeNull();
  expect(secret.text).toBe("a<b");
  expect(attributes("r2_bucket")).toEqual({
    account_id: stack.account_id,
    creation_date: "2025-11-01T00:00:00.000Z",
    id: "tfstate",
    jurisdiction: "default",
    location: "weur",
    name: "tfstate",
    storage_class: "Standard",
  });
  expect(attributes("account_token")).toMatchObject({
    id: "f".repeat(32),
    issued_on: "2025-11-01T00:00:00Z",
    last_used_on: null,
    status: "active",
    value: "token-value",
  });
  expect(attributes("account_api_token_permission_groups_list").result).toEqual([
    { id: "1".repeat(32), name: "group 1", scopes: ["com.cloudflare.edge.r2.bucket"] },
  ]);
  expect(attributes("workers_script_subdomain")).toMatchObject({ id: "tfstate", previews_enabled: false });
  expect(attributes("workers_cron_trigger").schedules).toEqual([
    { cron: "*/5 * * * *", created_on: null, modified_on: null },
  ]);
});

it("plans nothing afterwards, and only reads", async () => {
  expect(await stack.planned(project)).toEqual({});
  const read = api.taken();
  expect(read.filter((line) => line.includes(" workers/s") && !/subdomain|schedules/.test(line))).toEqual([
    "GET workers/services/tfstate",
    "GET workers/scripts/tfstate/settings",
    "GET workers/scripts/tfstate/content/v2",
  ]);
  expect(read.sort()).toEqual([
    "GET r2/buckets/tfstate",
    "GET r2/buckets/tfstate/lifecycle",
    "GET r2/buckets/tfstate/lock",
    `GET tokens/${"f".repeat(32)}`,
    GROUPS,
    "GET workers/domains/domain-1",
    "GET workers/scripts/tfstate/content/v2",
    "GET workers/scripts/tfstate/schedules",
    "GET workers/scripts/tfstate/settings",
    "GET workers/scripts/tfstate/subdomain",
    "GET workers/services/tfstate",
  ]);
});

it("updates in place what can be updated", async () => {
  const changed = {
    ...whole(86400, "renamed", ["*/5 * * * *", "0 * * * *"]),
    r2_bucket: { ...stack.bucket, storage_class: "InfrequentAccess" },
    r2_bucket_lock: { ...stack.lock, rules: [] },
    workers_script: { ...stack.script(project, "export default 2\n"), migrations: null },
    workers_script_subdomain: { ...stack.subdomain, previews_enabled: true },
  };
  project.write(stack.template(project, changed, stack.permissionGroups));
  const actions = await stack.planned(project);
  expect(new Set(Object.values(actions))).toEqual(new Set(["update"]));
  expect(Object.keys(actions)).toHaveLength(7);
  await project.ok("apply", "-input=false", "-auto-approve");
  const patch = api.requests.find(({ method }) => method === "PATCH");
  expect(patch?.headers).toMatchObject({
    "cf-r2-jurisdiction": "default",
    "cf-r2-storage-class": "InfrequentAccess",
  });
  const written = api.taken().filter((line) => !line.startsWith("GET"));
  const [upload] = written.filter((line) => line.includes("PUT workers/scripts/tfstate --"));
  expect(upload).toContain("export default 2\n");
  expect(upload).not.toContain("migrations");
  expect(written.filter((line) => line !== upload).sort()).toEqual([
    "PATCH r2/buckets/tfstate",
    'POST workers/scripts/tfstate/subdomain {"enabled":true,"previews_enabled":true}',
    `PUT r2/buckets/tfstate/lifecycle ${rules(86400)}`,
    'PUT r2/buckets/tfstate/lock {"rules":[]}',
    `PUT tokens/${"f".repeat(32)} {"expires_on":"2030-01-01T00:00:00Z","name":"renamed",${POLICY}}`,
    'PUT workers/scripts/tfstate/schedules [{"cron":"*/5 * * * *"},{"cron":"0 * * * *"}]',
  ]);
  expect(await stack.planned(project)).toEqual({});
  expect(project.rawState()).toContain('"value": "token-value"');
  api.taken();
});

it("destroys in reverse, and leaves rules and triggers behind", async () => {
  const destroyed = await project.ok("destroy", "-input=false", "-auto-approve");
  expect(destroyed.said).toContain(
    "Applying this resource destruction will remove the resource from the Terraform state",
  );
  const gone = api.taken().filter((line) => !line.startsWith("GET"));
  expect(gone.sort()).toEqual([
    "DELETE r2/buckets/tfstate",
    `DELETE tokens/${"f".repeat(32)}`,
    "DELETE workers/domains/domain-1",
    "DELETE workers/scripts/tfstate",
    "DELETE workers/scripts/tfstate/subdomain",
  ]);
});
