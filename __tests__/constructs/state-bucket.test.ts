import { LocalBackend, TerraformStack } from "cdktf";
import { CloudflareProvider } from "../../constructs/cloudflare-provider";
import {
  type IStateBucket,
  StateBucket,
  type StateBucketAttributes,
  type StateBucketProps,
} from "../../constructs/state-bucket";
import { StateToken } from "../../constructs/state-token";
import { TfstateWorker } from "../../constructs/tfstate-worker";
import { ACCOUNT, synthOnCloudflare, workerModule } from "../support/cloudflare";
import { newApp, synthStack } from "../support/synth";

const DAY = 86_400;

function bucket(props: Partial<StateBucketProps> = {}) {
  const template = synthOnCloudflare((stack) => {
    new StateBucket(stack, "state", { accountId: ACCOUNT, bucketName: "tfstate", ...props });
  });
  const of = (type: string) => template.resource[type]?.state ?? {};
  return {
    bucket: of("cloudflare_r2_bucket"),
    lifecycle: of("cloudflare_r2_bucket_lifecycle"),
    lock: of("cloudflare_r2_bucket_lock"),
  };
}

test("minimal: no plan destroys it, and its location is left to Cloudflare", () => {
  const { bucket: made } = bucket();
  expect(made).toEqual({
    account_id: ACCOUNT,
    name: "tfstate",
    storage_class: "Standard",
    lifecycle: { prevent_destroy: true, ignore_changes: ["location"] },
  });
});

test("only the history is locked, and only the history expires", () => {
  const { lock, lifecycle } = bucket();
  expect(lock.rules).toEqual([
    {
      id: "keep-history",
      enabled: true,
      prefix: "history/",
      condition: { type: "Age", max_age_seconds: 30 * DAY },
    },
  ]);
  expect(lifecycle.rules).toEqual([
    {
      id: "abort-uploads",
      enabled: true,
      conditions: { prefix: "" },
      abort_multipart_uploads_transition: { condition: { type: "Age", max_age: 7 * DAY } },
    },
    {
      id: "expire-history",
      enabled: true,
      conditions: { prefix: "history/" },
      delete_objects_transition: { condition: { type: "Age", max_age: 730 * DAY } },
    },
  ]);
});

test("a rule that is turned off is taken back: its list stays, without it", () => {
  const { lock, lifecycle } = bucket({ historyLockDays: 0, historyDays: 0 });
  expect(lock.rules).toEqual([]);
  expect(lifecycle.rules).toEqual([expect.objectContaining({ id: "abort-uploads" })]);
});

test("who may destroy the bucket has no lock in the way", () => {
  const { bucket: made, lock } = bucket({ allowDestroy: true });
  expect(made.lifecycle).toEqual({ prevent_destroy: false, ignore_changes: ["location"] });
  expect(lock.rules).toEqual([]);
});

test("a jurisdiction is named by the bucket and by its rules", () => {
  const made = bucket({ jurisdiction: "eu", locationHint: "weur", storageClass: "InfrequentAccess" });
  expect(Object.values(made).map(({ jurisdiction }) => jurisdiction)).toEqual(["eu", "eu", "eu"]);
  expect(made.bucket).toMatchObject({ location: "weur", storage_class: "InfrequentAccess" });
});

test.each<[Partial<StateBucketProps>, string]>([
  [
    { accountId: "my-account" },
    'bucket "tfstate": accountId "my-account" is not a Cloudflare account id; copy the 32 characters',
  ],
  [{ bucketName: "Tf_State" }, 'bucket "Tf_State": bucketName "Tf_State" is not the name of a bucket'],
  [{ historyPrefix: "" }, 'historyPrefix "" is not a folder'],
  [{ historyPrefix: "/" }, 'historyPrefix "/" is not a folder'],
  [{ historyPrefix: "history" }, 'historyPrefix "history" is not a folder; write it like history/'],
  [{ historyLockDays: 1.5 }, "historyLockDays 1.5 is not a whole number from 0"],
  [{ historyDays: -1 }, "historyDays -1 is not a whole number from 0"],
  [{ abortUploadsDays: 0 }, "abortUploadsDays 0 is not a whole number from 1"],
  [{ historyLockDays: 90, historyDays: 90 }, "historyDays 90 is not more than historyLockDays 90"],
])("refuses %j", (props, message) => {
  expect(() => bucket(props)).toThrow(message);
});

describe("a bucket that another program or a person has made", () => {
  const attributes: StateBucketAttributes = { accountId: ACCOUNT, bucketName: "theirs", jurisdiction: "eu" };

  test("is used by name: the plan has no resource for it, and nothing waits for one", () => {
    const { resource } = synthOnCloudflare((stack) => {
      const bucket = StateBucket.fromAttributes(stack, "state", attributes);
      new TfstateWorker(stack, "tfstate", { module: workerModule, bucket });
      new StateToken(stack, "s3", { bucket });
    });
    expect(Object.keys(resource).filter((type) => type.startsWith("cloudflare_r2"))).toEqual([]);
    expect(resource.cloudflare_workers_script?.tfstate).toMatchObject({
      account_id: ACCOUNT,
      bindings: expect.arrayContaining([
        { type: "r2_bucket", name: "BUCKET", bucket_name: "theirs", jurisdiction: "eu" },
      ]),
    });
    const token = resource.cloudflare_account_token?.s3 ?? {};
    expect(token.policies).toMatchObject([
      { resources: `{"com.cloudflare.edge.r2.bucket.${ACCOUNT}_eu_theirs":"*"}` },
    ]);
    expect(token).not.toHaveProperty("depends_on");
  });

  test.each<[Partial<StateBucketAttributes>, string]>([
    [{ accountId: "my-account" }, 'bucket "theirs": accountId "my-account" is not a Cloudflare account id'],
    [{ bucketName: "Theirs" }, 'bucket "Theirs": bucketName "Theirs" is not the name of a bucket'],
  ])("refuses %j", (wrong, message) => {
    expect(() =>
      synthOnCloudflare((stack) => {
        StateBucket.fromAttributes(stack, "state", { ...attributes, ...wrong });
      }),
    ).toThrow(message);
  });
});

describe("a bucket of another stack", () => {
  /** `build` uses in the second stack what the first one makes. */
  function inTwoStacks(build: (stack: TerraformStack, bucket: IStateBucket) => void) {
    const app = newApp();
    const stackOf = (id: string) => {
      const stack = new TerraformStack(app, id);
      new CloudflareProvider(stack, "cloudflare");
      new LocalBackend(stack, { path: `/states/${id}.tfstate` });
      return stack;
    };
    const [first, second] = [stackOf("first"), stackOf("second")];
    build(second, new StateBucket(first, "state", { accountId: ACCOUNT, bucketName: "tfstate" }));
    for (const stack of [first, second]) stack.prepareStack();
    return { ...synthStack(second), isAfterFirst: second.dependsOn(first) };
  }

  test("a token waits for that stack, since depends_on names no resource of another state", () => {
    const { resource, isAfterFirst } = inTwoStacks((stack, bucket) => {
      new StateToken(stack, "s3", { bucket });
    });
    expect(resource.cloudflare_account_token?.s3).not.toHaveProperty("depends_on");
    expect(isAfterFirst).toBe(true);
  });

  test("a Worker takes the name from the state of that stack", () => {
    const { resource, isAfterFirst } = inTwoStacks((stack, bucket) => {
      new TfstateWorker(stack, "tfstate", { module: workerModule, bucket });
    });
    expect(JSON.stringify(resource.cloudflare_workers_script)).toMatch(
      /"bucket_name":"\$\{data\.terraform_remote_state\./,
    );
    expect(isAfterFirst).toBe(true);
  });
});
