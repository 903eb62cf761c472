import { StateBucket } from "../../constructs/state-bucket";
import { TfstateWorker, type TfstateWorkerProps } from "../../constructs/tfstate-worker";
import { ACCOUNT, synthOnCloudflare, workerModule, ZONE } from "../support/cloudflare";

type Props = Partial<TfstateWorkerProps> & { readonly jurisdiction?: "eu"; readonly backupAccount?: string };

function worker({ jurisdiction, backupAccount = ACCOUNT, ...props }: Props = {}) {
  let url: string | undefined;
  const template = synthOnCloudflare((stack) => {
    const bucket = (id: string, bucketName: string, accountId: string) =>
      new StateBucket(stack, id, { accountId, bucketName, jurisdiction });
    url = new TfstateWorker(stack, "tfstate", {
      module: { ...workerModule, compatibilityFlags: ["nodejs_compat"] },
      bucket: bucket("state", "tfstate", ACCOUNT),
      backupBucket: bucket("backup", "tfstate-backup", backupAccount),
      ...props,
    }).url;
  });
  const of = (type: string) => template.resource[type]?.tfstate;
  const script = of("cloudflare_workers_script") ?? {};
  const bindings = script.bindings as { name: string; text?: string }[];
  return { template, url, of, script, binding: new Map(bindings.map((each) => [each.name, each])) };
}

test("the module travels with the stack: a relative path, and the hash of what is there", () => {
  const { script, template } = worker();
  expect(script).toMatchObject({
    content_file: expect.stringMatching(/^assets\/tfstate_module_[0-9A-F]+\/[0-9a-f]{64}\/index\.mjs$/),
    content_sha256: workerModule.sha256,
    main_module: "index.mjs",
    compatibility_date: "2026-04-01",
    compatibility_flags: ["nodejs_compat"],
  });
  expect(JSON.stringify(template)).not.toContain(workerModule.path);
});

test("buckets and Durable Objects are bound by the names that the Worker has for them", () => {
  const { binding } = worker();
  const bucket = (name: string, id: string) => ({
    type: "r2_bucket",
    name,
    bucket_name: `\${cloudflare_r2_bucket.${id}.name}`,
  });
  const object = (name: string, class_name: string) => ({
    type: "durable_object_namespace",
    name,
    class_name,
  });
  expect(binding.get("BUCKET")).toEqual(bucket("BUCKET", "state"));
  expect(binding.get("BACKUP")).toEqual(bucket("BACKUP", "backup"));
  expect(binding.get("STATE")).toEqual(object("STATE", "StateObject"));
  expect(binding.get("DIRECTORY")).toEqual(object("DIRECTORY", "Directory"));
  expect(binding.get("PASSWORDS")).toEqual(object("PASSWORDS", "Passwords"));
  const own = [{ tag: "v1", newSqliteClasses: ["StateObject", "Directory"] }];
  expect(worker({ migrations: own }).binding.has("PASSWORDS")).toBe(false);
  expect(worker({ jurisdiction: "eu" }).binding.get("BUCKET")).toMatchObject({ jurisdiction: "eu" });
});

test("without a second bucket there are no copies, and no schedule", () => {
  const { binding, of } = worker({ backupBucket: undefined });
  expect(binding.has("BACKUP")).toBe(false);
  expect(of("cloudflare_workers_cron_trigger")).toBeUndefined();
  expect(worker().of("cloudflare_workers_cron_trigger")).toMatchObject({
    schedules: [{ cron: "17 3 * * *" }],
  });
});

test("passwords come from sensitive variables that must not be empty, and from nowhere else", () => {
  const { binding, template } = worker({ settings: { credentials: ["psk", "users", "owner"] } });
  for (const name of ["TFSTATE_USERNAME", "TFSTATE_PASSWORD", "TFSTATE_USERS", "TFSTATE_PSK"]) {
    const variable = name.toLowerCase();
    expect(binding.get(name)).toEqual({ type: "secret_text", name, text: `\${var.${variable}}` });
    expect(template.variable[variable]).toMatchObject({
      sensitive: true,
      nullable: false,
      validation: [{ condition: expect.stringContaining(`length(var.${variable}) >=`) }],
    });
    expect(template.variable[variable]).not.toHaveProperty("default");
  }
});

test("settings are plain variables, and what is not set is not there", () => {
  const grant = { namespace: "me", scopes: ["read", "lock"] as const };
  const oidc = [{ audience: "tfstate", rules: [{ subject: "repo:me/*", ...grant }] }];
  const { binding } = worker({
    settings: {
      credentials: [],
      oidc,
      encryption: "required",
      servesS3Clients: false,
      keepDays: 30,
      basePath: "/tfstate",
    },
  });
  const text = Object.fromEntries([...binding].map(([name, each]) => [name, each.text]));
  expect(text).toEqual({
    BUCKET: undefined,
    BACKUP: undefined,
    STATE: undefined,
    DIRECTORY: undefined,
    PASSWORDS: undefined,
    TFSTATE_OIDC: JSON.stringify(oidc),
    TFSTATE_ENCRYPTION: "required",
    TFSTATE_S3_CLIENTS: "off",
    TFSTATE_KEEP_DAYS: "30",
    TFSTATE_BASE_PATH: "/tfstate",
  });
});

test("workers.dev is the only door, and without previews of other versions", () => {
  const { of, url } = worker();
  expect(of("cloudflare_workers_script_subdomain")).toMatchObject({ enabled: true, previews_enabled: false });
  expect(of("cloudflare_workers_custom_domain")).toBeUndefined();
  expect(url).toBeUndefined();
  expect(worker({ workersDevSubdomain: "my-team" }).url).toBe("https://tfstate.my-team.workers.dev");
});

test("with a domain, workers.dev stays on until every client has moved: the Worker answers an error there", () => {
  const domain = { hostname: "tfstate.example.com", zoneId: ZONE };
  const subdomain = "cloudflare_workers_script_subdomain";
  const before = worker({ domain });
  expect(before.of(subdomain)).toMatchObject({ enabled: true, previews_enabled: false });
  expect(before.binding.get("TFSTATE_DOMAIN")).toMatchObject({ text: "tfstate.example.com" });
  const after = worker({ domain: { ...domain, clientsMoved: true } });
  expect(after.of(subdomain)).toMatchObject({ enabled: false, previews_enabled: false });
  expect(worker().binding.has("TFSTATE_DOMAIN")).toBe(false);
});

test("the objects of a Worker that is made in a jurisdiction are in it, and those of another stay where they are", () => {
  const { binding, template } = worker({ jurisdiction: "eu" });
  expect(binding.get("TFSTATE_JURISDICTION")).toMatchObject({
    type: "plain_text",
    text: "${local.tfstate_jurisdiction}",
  });
  expect(template.locals.tfstate_jurisdiction).toContain(
    'endswith(local.tfstate_deployed_tag, "-eu") ? "eu" : ""',
  );
  expect(worker().binding.has("TFSTATE_JURISDICTION")).toBe(false);
});

test("a domain is not replaced by every plan", () => {
  const domain = { hostname: "tfstate.example.com", zoneId: ZONE };
  const { of, url } = worker({ domain, settings: { basePath: "/tfstate" } });
  expect(of("cloudflare_workers_custom_domain")).toMatchObject({
    hostname: "tfstate.example.com",
    zone_id: ZONE,
    environment: "production",
    service: "${cloudflare_workers_script.tfstate.script_name}",
  });
  expect(url).toBe("https://tfstate.example.com/tfstate");
});

test("logs are described in full, as Cloudflare answers them", () => {
  const logs = (enabled: boolean) => ({
    enabled,
    head_sampling_rate: 1,
    logs: { enabled, invocation_logs: enabled, head_sampling_rate: 1, persist: true, destinations: [] },
  });
  expect(worker().script.observability).toEqual(logs(true));
  expect(worker({ observability: false }).script.observability).toEqual(logs(false));
});

test("whatever goes into the script makes a new revision of it, secrets too", () => {
  const { template, script } = worker({ settings: { keepDays: 31 } });
  expect(template.resource.terraform_data?.tfstate_revision?.triggers_replace).toBe(
    "${sha256(jsonencode(local.tfstate_script))}",
  );
  const revision = template.locals.tfstate_script as { script: Record<string, unknown> };
  const { migrations, lifecycle, ...content } = script;
  const names = (value: unknown): string => JSON.stringify(value).toLowerCase().replaceAll("_", "");
  expect(JSON.parse(names(revision.script))).toEqual(JSON.parse(names(content)));
});

test("no plan destroys the Worker unless it may", () => {
  expect(worker().script.lifecycle).toMatchObject({ prevent_destroy: true });
  expect(worker({ allowDestroy: true }).script.lifecycle).toMatchObject({ prevent_destroy: false });
});

test.each<[Props, string]>([
  [
    { workerName: "Tf_State" },
    'Worker "Tf_State": workerName "Tf_State" is not a name that Cloudflare accepts',
  ],
  [{ module: { ...workerModule, sha256: "abc" } }, 'module.sha256 "abc" is not 64 hex digits'],
  [{ backupAccount: ZONE }, `its backup bucket is in another account, ${ZONE}`],
  [{ settings: { credentials: [] } }, 'Worker "tfstate": nobody could use it; give it a credential'],
])("refuses %j", (props, message) => {
  expect(() => worker(props)).toThrow(message);
});
