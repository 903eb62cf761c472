import { StateBucket, type StateBucketProps } from "../../constructs/state-bucket";
import { ACCOUNT, synthOnCloudflare } from "./support/cloudflare";

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
