import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TofuProject } from "../../../support/tofu-project";
import { ACCOUNT, type RecordingCloudflare } from "./recording-cloudflare";

type Resources = Readonly<Record<string, object>>;

export const account_id = ACCOUNT;
export const API_TOKEN = "t".repeat(40);

/** OpenTofu with the cloudflare provider, talking to the recording API. */
export function projectFor(api: RecordingCloudflare): TofuProject {
  return new TofuProject({ CLOUDFLARE_BASE_URL: api.url, CLOUDFLARE_API_TOKEN: API_TOKEN });
}

/** Each resource type once, named "it". */
export function template(project: TofuProject, resources: Resources, rest: object = {}): object {
  return {
    terraform: {
      required_providers: { cloudflare: { source: "cloudflare/cloudflare", version: "5.14.0" } },
      backend: { local: { path: project.stateFile } },
    },
    resource: Object.fromEntries(
      Object.entries(resources).map(([type, body]) => [`cloudflare_${type}`, { it: body }]),
    ),
    ...rest,
  };
}

/** What a plan would do to each resource, in one run of OpenTofu. */
export async function planned(project: TofuProject): Promise<Record<string, string>> {
  const { exitCode, output } = await project.run("plan", "-input=false", "-json");
  if (exitCode !== 0) throw new Error(`plan failed:\n${output}`);
  const changes = output
    .split("\n")
    .filter((line) => line.includes('"type":"planned_change"'))
    .map((line) => JSON.parse(line).change);
  return Object.fromEntries(changes.map(({ resource, action }) => [resource.addr, action]));
}

export const bucket = {
  account_id,
  name: "tfstate",
  location: "weur",
  lifecycle: { prevent_destroy: false },
};

/** A Worker with all the features of the tfstate Worker. Writes its module to the project's folder. */
export function script(project: TofuProject, source = "export default {}\n") {
  const content_file = join(project.folder, "index.mjs");
  writeFileSync(content_file, source);
  return {
    account_id,
    script_name: "tfstate",
    content_file,
    content_sha256: createHash("sha256").update(source).digest("hex"),
    main_module: "index.mjs",
    compatibility_date: "2025-11-01",
    compatibility_flags: ["nodejs_compat"],
    observability: { enabled: true, head_sampling_rate: 0.1 },
    bindings: [
      { type: "r2_bucket", name: "BUCKET", bucket_name: "tfstate" },
      { type: "durable_object_namespace", name: "LOCK", class_name: "StateLock" },
      { type: "secret_text", name: "PASSWORD", text: "a<b" },
    ],
    migrations: { new_tag: "v1", new_sqlite_classes: ["StateLock"] } as object | null,
  };
}

export const lifecycle = (maxAge: number) => ({
  account_id,
  bucket_name: "${cloudflare_r2_bucket.it.name}",
  rules: [
    {
      id: "uploads",
      enabled: true,
      conditions: { prefix: "" },
      abort_multipart_uploads_transition: { condition: { type: "Age", max_age: maxAge } },
    },
  ],
});

export const lock = {
  account_id,
  bucket_name: "${cloudflare_r2_bucket.it.name}",
  rules: [
    { id: "history", enabled: true, prefix: "history/", condition: { type: "Age", max_age_seconds: 86400 } },
  ],
};

export const subdomain = {
  account_id,
  script_name: "${cloudflare_workers_script.it.script_name}",
  enabled: true,
};

export const domain = {
  account_id,
  hostname: "state.example.com",
  service: "${cloudflare_workers_script.it.script_name}",
  zone_id: "zone-1",
  environment: "production",
};

export const cron = (...crons: string[]) => ({
  account_id,
  script_name: "${cloudflare_workers_script.it.script_name}",
  schedules: crons.map((cron) => ({ cron })),
});

export const token = (name: string) => ({
  account_id,
  name,
  expires_on: "2030-01-01T00:00:00Z",
  policies: [
    {
      effect: "allow",
      permission_groups: [
        { id: "${data.cloudflare_account_api_token_permission_groups_list.it.result[0].id}" },
      ],
      resources:
        '${jsonencode({ "com.cloudflare.edge.r2.bucket.a_default_${cloudflare_r2_bucket.it.name}" = "*" })}',
    },
  ],
});

export const permissionGroups = {
  data: {
    cloudflare_account_api_token_permission_groups_list: {
      it: { account_id, name: "Workers R2 Storage Bucket Item Write", max_items: 1 },
    },
  },
};
