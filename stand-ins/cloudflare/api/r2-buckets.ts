import { type Context, Hono } from "hono";
import { z } from "zod";
import { type Account, newId } from "../account";
import { ApiError } from "../api-error";
import { type Bucket, bucketKey } from "../model";
import { parse } from "../parse";
import type { WorkersRuntime } from "../runtime/runtime";
import { type BucketName, JURISDICTIONS, type Jurisdiction } from "../s3/access";
import { type ApiEnv, permitted } from "./authorization";
import { readBody, success } from "./envelope";

const INVALID = 10001;
const INVALID_RULES = 10061;
const NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

export const LOCATIONS = ["apac", "eeur", "enam", "oc", "weur", "wnam"] as const;
export type Location = (typeof LOCATIONS)[number];

const storageClass = z.enum(["Standard", "InfrequentAccess"]);
const creation = z.object({
  name: z.string(),
  locationHint: z.enum(LOCATIONS).optional(),
  storageClass: storageClass.default("Standard"),
});

const age = z.strictObject({ type: z.literal("Age"), maxAge: z.int().positive() });
const date = z.strictObject({ type: z.literal("Date"), date: z.iso.datetime({ offset: true }) });
const lifecycleRule = z.strictObject({
  id: z.string().min(1).max(255),
  enabled: z.boolean(),
  conditions: z.strictObject({ prefix: z.string() }),
  abortMultipartUploadsTransition: z.strictObject({ condition: age }).optional(),
  deleteObjectsTransition: z.strictObject({ condition: z.union([age, date]) }).optional(),
  storageClassTransitions: z
    .array(z.strictObject({ condition: z.union([age, date]), storageClass: z.literal("InfrequentAccess") }))
    .optional(),
});
const lockRule = z.strictObject({
  id: z.string().min(1).max(255),
  enabled: z.boolean(),
  prefix: z.string().optional(),
  condition: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("Age"), maxAgeSeconds: z.int().positive() }),
    date,
    z.strictObject({ type: z.literal("Indefinite") }),
  ]),
});
const uniqueIds = (rules: readonly { readonly id: string }[]) =>
  new Set(rules.map(({ id }) => id)).size === rules.length;
const rulesOf = <T extends { readonly id: string }>(rule: z.ZodType<T>) =>
  z.object({
    rules: z.array(rule).max(1000).refine(uniqueIds, "Rule IDs must be unique").default([]),
  });

/** The lifecycle rules of a new bucket. */
const DEFAULT_LIFECYCLE = [
  {
    id: "Default Multipart Abort Rule",
    enabled: true,
    conditions: { prefix: "" },
    abortMultipartUploadsTransition: { condition: { type: "Age", maxAge: 604_800 } },
  },
];

export interface R2BucketsParts {
  readonly account: Account;
  readonly runtime: WorkersRuntime;
  /** The location of every new bucket. @default - the bucket's `locationHint`, or weur */
  readonly location?: Location;
}

export function r2Buckets({ account, runtime, location }: R2BucketsParts): Hono<ApiEnv> {
  const { buckets } = account.state;
  const find = (c: Context): Bucket => account.bucket(nameOf(c));

  const app = new Hono<ApiEnv>();
  app.use(permitted(account, "Workers R2 Storage"));

  app.post("/", async (c) => {
    const { name, locationHint, storageClass } = await readBody(c, creation, INVALID);
    if (!NAME.test(name)) throw new ApiError(400, 10005, "The specified bucket name is not valid.");
    const jurisdiction = jurisdictionOf(c);
    const key = bucketKey({ jurisdiction, name });
    if (buckets[key]) {
      throw new ApiError(409, 10004, "The bucket you tried to create already exists, and you own it.");
    }
    const bucket: Bucket = {
      name,
      jurisdiction,
      storageId: `${jurisdiction}-${name}-${newId().slice(0, 8)}`,
      creationDate: new Date().toISOString(),
      location: (location ?? locationHint ?? "weur").toUpperCase(),
      storageClass,
      lifecycleRules: DEFAULT_LIFECYCLE,
      lockRules: [],
    };
    buckets[key] = bucket;
    account.save();
    return success(c, answerOf(bucket));
  });

  app.get("/", (c) => {
    const jurisdiction = jurisdictionOf(c);
    const all = Object.values(buckets).filter((bucket) => bucket.jurisdiction === jurisdiction);
    return success(c, { buckets: all.map(answerOf) });
  });

  app.get("/:bucket", (c) => success(c, answerOf(find(c))));

  app.patch("/:bucket", (c) => {
    const bucket = find(c);
    bucket.storageClass = parse(storageClass, c.req.header("cf-r2-storage-class"), INVALID);
    account.save();
    return success(c, answerOf(bucket));
  });

  app.delete("/:bucket", async (c) => {
    const bucket = find(c);
    if (!(await runtime.isEmpty(bucket))) {
      throw new ApiError(409, 10008, `The bucket you tried to delete (${bucket.name}) is not empty.`);
    }
    delete buckets[bucketKey(bucket)];
    account.save();
    return success(c, {});
  });

  app.get("/:bucket/lifecycle", (c) => success(c, { rules: find(c).lifecycleRules }));
  app.put("/:bucket/lifecycle", async (c) => {
    const bucket = find(c);
    bucket.lifecycleRules = (await readBody(c, rulesOf(lifecycleRule), INVALID_RULES)).rules;
    account.save();
    return success(c, {});
  });

  app.get("/:bucket/lock", (c) => success(c, { rules: find(c).lockRules }));
  app.put("/:bucket/lock", async (c) => {
    const bucket = find(c);
    bucket.lockRules = (await readBody(c, rulesOf(lockRule), INVALID_RULES)).rules;
    account.save();
    return success(c, {});
  });

  return app;
}

/** The jurisdiction in the header of a request; the default one where there is no header. */
export const jurisdictionOf = (c: Context): Jurisdiction =>
  parse(z.enum(JURISDICTIONS).default("default"), c.req.header("cf-r2-jurisdiction"), INVALID);

const nameOf = (c: Context): BucketName => ({
  jurisdiction: jurisdictionOf(c),
  name: c.req.param("bucket") ?? "",
});

const answerOf = ({ name, jurisdiction, creationDate, location, storageClass }: Bucket) => ({
  name,
  creation_date: creationDate,
  location,
  storage_class: storageClass,
  jurisdiction,
});
