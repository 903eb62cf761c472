import { z } from "zod";
import { ApiError } from "../api-error";
import type { Module } from "../model";
import { parse } from "../parse";
import { JURISDICTIONS } from "../s3/access";

export const INVALID_UPLOAD = 10021;

const name = z.string().min(1);
const bindings = [
  z.object({ type: z.literal("plain_text"), name, text: z.string() }),
  z.object({ type: z.literal("secret_text"), name, text: z.string() }),
  z.object({ type: z.literal("json"), name, json: z.unknown() }),
  z.object({
    type: z.literal("r2_bucket"),
    name,
    bucket_name: z.string(),
    // Left out for a bucket without a jurisdiction.
    jurisdiction: z.enum(JURISDICTIONS).exclude(["default"]).optional(),
  }),
  z.object({
    type: z.literal("durable_object_namespace"),
    name,
    class_name: z.string(),
    script_name: z.string().optional(),
  }),
] as const;
const served = bindings.map(({ shape }) => shape.type.value).join(", ");
const binding = z.discriminatedUnion("type", bindings, {
  error: ({ input }) =>
    `the stand-in has no bindings of type "${(input as { readonly type?: unknown } | undefined)?.type}", only ${served}`,
});

const migrationStep = z.strictObject({
  new_classes: z.array(z.string()).default([]),
  new_sqlite_classes: z.array(z.string()).default([]),
  renamed_classes: z.array(z.object({ from: z.string(), to: z.string() })).default([]),
  deleted_classes: z.array(z.string()).default([]),
  transferred_classes: z
    .array(z.unknown())
    .max(0, "the stand-in does not transfer classes from another script")
    .default([]),
});
export type MigrationStep = z.output<typeof migrationStep>;

/** One migration step, or a list of steps. A missing tag is the same as an empty one. */
const migrations = z.strictObject({
  ...migrationStep.shape,
  old_tag: z.string().default(""),
  new_tag: z.string().optional(),
  steps: z.array(migrationStep).optional(),
});
export type Migrations = z.output<typeof migrations>;

const fraction = z.number().min(0).max(1);
/** The API answers all fields, also those that were left out, which surprises the provider. */
const observability = z.object({
  enabled: z.boolean(),
  head_sampling_rate: fraction.default(1),
  logs: z
    .object({
      enabled: z.boolean(),
      invocation_logs: z.boolean(),
      head_sampling_rate: fraction.default(1),
      persist: z.boolean().default(true),
      destinations: z.array(z.string()).default([]),
    })
    .optional(),
});

const record = z.record(z.string(), z.unknown());
export const metadata = z.object({
  main_module: z.string().optional(),
  body_part: z.string().optional(),
  bindings: z.array(binding).default([]),
  compatibility_date: z.string().default(""),
  compatibility_flags: z.array(z.string()).default([]),
  keep_bindings: z.array(z.string()).default([]),
  migrations: migrations.optional(),
  logpush: z.boolean().default(false),
  usage_model: z.string().default("standard"),
  placement: record.default({}),
  tail_consumers: z.array(z.unknown()).default([]),
  limits: record.optional(),
  observability: observability
    .transform((given) => ({
      ...given,
      logs: given.logs ?? {
        enabled: given.enabled,
        invocation_logs: true,
        head_sampling_rate: 1,
        persist: true,
        destinations: [],
      },
    }))
    .optional(),
});
export type Metadata = z.output<typeof metadata>;

/** The content of a PUT of a script. */
export interface Upload {
  readonly metadata: Metadata;
  readonly mainModule: string;
  readonly modules: readonly Module[];
}

/** Reads the multipart form of an upload. @throws ApiError 400 */
export async function readUpload(request: Request): Promise<Upload> {
  let form: FormData;
  try {
    form = await request.formData();
  } catch {
    throw invalid("The request body is no multipart form.");
  }
  const part = form.get("metadata");
  if (part === null) throw invalid('The form has no part "metadata".');
  const settings = parse(
    metadata,
    asJson(typeof part === "string" ? part : await part.text()),
    INVALID_UPLOAD,
  );
  const { main_module: mainModule } = settings;
  if (mainModule === undefined) {
    throw invalid("Only ES modules are served here: set main_module (a body_part is the older format).");
  }
  const modules: Module[] = [];
  for (const [name, value] of form) {
    // A part without a file name is not a module.
    if (name === "metadata" || typeof value === "string") continue;
    const contents = Buffer.from(await value.arrayBuffer()).toString("base64");
    modules.push({ name, contentType: value.type, contents });
  }
  if (!modules.some((module) => module.name === mainModule)) {
    throw invalid(`No such module "${mainModule}": main_module must name a part of the form.`);
  }
  return { metadata: settings, mainModule, modules };
}

export const invalid = (message: string): ApiError => new ApiError(400, INVALID_UPLOAD, message);

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('The part "metadata" is no JSON.');
  }
}
