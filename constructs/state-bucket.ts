import { R2Bucket } from "@cdktf/provider-cloudflare/lib/r2-bucket";
import { R2BucketLifecycle } from "@cdktf/provider-cloudflare/lib/r2-bucket-lifecycle";
import { R2BucketLock } from "@cdktf/provider-cloudflare/lib/r2-bucket-lock";
import { Construct, type IConstruct } from "constructs";
import { ACCOUNT_ID } from "../domain/cloudflare";
import {
  BUCKET_NAME,
  R2_JURISDICTIONS,
  R2_LOCATIONS,
  type R2Jurisdiction,
  type R2Location,
} from "../domain/r2";
import { DAYS, RETENTION_DEFAULTS } from "../domain/retention";
import { historyPrefix as defaultHistoryPrefix } from "../domain/state-objects";
import { PropChecks } from "./prop-checks";

/** An R2 bucket for states, made by this program or not: see {@link StateBucket} and {@link StateBucket.fromAttributes}. */
export interface IStateBucket extends IConstruct {
  /** Id of its Cloudflare account, 32 hex digits. */
  readonly accountId: string;
  /** Its name in the account. */
  readonly bucketName: string;
  /** Where its data must stay; undefined if that is not restricted. */
  readonly jurisdiction?: R2Jurisdiction;
  /** The resource; undefined if another program or a person makes the bucket. */
  readonly resource?: R2Bucket;
}

/** What identifies a bucket at Cloudflare. */
export interface StateBucketAttributes {
  /** Id of the Cloudflare account, 32 hex digits. */
  readonly accountId: string;
  /** Its name in the account: 3 to 63 of a-z, 0-9 and -. */
  readonly bucketName: string;
  /**
   * Where its data must stay. It is fixed when the bucket is created: the provider refuses a change at the apply.
   * @default - no restriction
   */
  readonly jurisdiction?: R2Jurisdiction;
}

/** What a {@link StateBucket} is made of. */
export interface StateBucketProps extends StateBucketAttributes {
  /**
   * Where the bucket is created, such as `weur`. Cloudflare may choose another place; a later change has no effect.
   * @default - near whoever creates it
   */
  readonly locationHint?: R2Location;
  /** Storage class of new objects: `InfrequentAccess` costs less to store and more to read. @default "Standard" */
  readonly storageClass?: "Standard" | "InfrequentAccess";
  /** Prefix of the history, whose objects are never overwritten. Only they are locked, and only they expire. @default "history/" */
  readonly historyPrefix?: string;
  /** Days for which an object of the history can be neither deleted nor overwritten; 0 for no lock. @default 30 */
  readonly historyLockDays?: number;
  /**
   * Days after which an object of the history is deleted, even where a version still needs it; 0 for never. Choose
   * more than the Worker's own retention, which knows what is current or pinned.
   * @default 730
   */
  readonly historyDays?: number;
  /** Days after which an upload that was never finished is aborted; R2 gives every bucket 7. @default 7 */
  readonly abortUploadsDays?: number;
  /** Whether a plan may destroy the bucket; it also lifts the lock, which would keep objects in it. @default false */
  readonly allowDestroy?: boolean;
}

export { R2_LOCATIONS, type R2Location };

const DAY_SECONDS = 24 * 60 * 60;

/**
 * An R2 bucket for states. Its history cannot be deleted at first and expires later; no plan destroys or replaces the
 * bucket itself.
 *
 * Only the history is locked. A lock on the current state would make every apply fail, because an apply overwrites it.
 *
 * @see https://developers.cloudflare.com/r2/buckets/bucket-locks/
 * @see https://developers.cloudflare.com/r2/buckets/object-lifecycles/
 */
export class StateBucket extends Construct implements IStateBucket {
  /**
   * A bucket that another program or a person has made. This program neither creates nor changes it, nor its rules.
   * @throws if the account id, the name or the jurisdiction is not valid.
   */
  static fromAttributes(scope: Construct, id: string, attributes: StateBucketAttributes): IStateBucket {
    checkAttributes(attributes);
    return new ImportedStateBucket(scope, id, attributes);
  }

  readonly accountId: string;
  readonly bucketName: string;
  readonly jurisdiction?: R2Jurisdiction;
  /** The resource; its address is `cloudflare_r2_bucket.<id>`. */
  readonly resource: R2Bucket;

  /** @throws if the account id, a name or a number of days is not valid. */
  constructor(scope: Construct, id: string, props: StateBucketProps) {
    super(scope, id);
    const rules = historyRulesOf(props);
    checkAttributes(props);
    checkRules(props, rules);
    this.accountId = props.accountId;
    this.bucketName = props.bucketName;
    this.jurisdiction = props.jurisdiction;
    this.resource = new R2Bucket(this, "Resource", {
      accountId: props.accountId,
      name: props.bucketName,
      jurisdiction: props.jurisdiction,
      location: props.locationHint,
      storageClass: props.storageClass ?? "Standard",
      lifecycle: {
        preventDestroy: !props.allowDestroy,
        // Cloudflare reports the location that it chose. If it differs from the hint, the provider would replace the bucket.
        ignoreChanges: ["location"],
      },
    });
    this.resource.overrideLogicalId(id);
    this.addRules(id, rules, !props.allowDestroy);
  }

  /** Both resources always exist: to remove a rule, its list must become shorter; destroying the resource is not enough. */
  private addRules(id: string, rules: HistoryRules, mayLock: boolean): void {
    const { historyPrefix: prefix, historyLockDays, historyDays, abortUploadsDays } = rules;
    const bucket = {
      accountId: this.accountId,
      bucketName: this.resource.name,
      jurisdiction: this.jurisdiction,
    };
    const lifecycle = new R2BucketLifecycle(this, "lifecycle", {
      ...bucket,
      rules: [
        {
          id: "abort-uploads",
          enabled: true,
          conditions: { prefix: "" },
          abortMultipartUploadsTransition: { condition: ageOf(abortUploadsDays) },
        },
        ...(historyDays === 0
          ? []
          : [
              {
                id: "expire-history",
                enabled: true,
                conditions: { prefix },
                deleteObjectsTransition: { condition: ageOf(historyDays) },
              },
            ]),
      ],
    });
    lifecycle.overrideLogicalId(id);
    const { type, maxAge } = ageOf(historyLockDays);
    const locked = historyLockDays > 0 && mayLock;
    const lock = new R2BucketLock(this, "lock", {
      ...bucket,
      rules: locked
        ? [{ id: "keep-history", enabled: true, prefix, condition: { type, maxAgeSeconds: maxAge } }]
        : [],
    });
    lock.overrideLogicalId(id);
  }
}

class ImportedStateBucket extends Construct implements IStateBucket {
  readonly accountId: string;
  readonly bucketName: string;
  readonly jurisdiction?: R2Jurisdiction;

  constructor(scope: Construct, id: string, { accountId, bucketName, jurisdiction }: StateBucketAttributes) {
    super(scope, id);
    this.accountId = accountId;
    this.bucketName = bucketName;
    this.jurisdiction = jurisdiction;
  }
}

const ageOf = (days: number) => ({ type: "Age", maxAge: days * DAY_SECONDS });

type HistoryRules = ReturnType<typeof historyRulesOf>;

const historyRulesOf = ({
  historyPrefix = defaultHistoryPrefix,
  historyLockDays = RETENTION_DEFAULTS.historyLockDays,
  historyDays = RETENTION_DEFAULTS.historyDays,
  abortUploadsDays = 7,
}: StateBucketProps) => ({ historyPrefix, historyLockDays, historyDays, abortUploadsDays });

function checkAttributes({ accountId, bucketName, jurisdiction }: StateBucketAttributes): void {
  const checks = new PropChecks(`bucket "${bucketName}"`);
  checks.text("accountId", accountId, ACCOUNT_ID);
  checks.text("bucketName", bucketName, BUCKET_NAME);
  checks.choice("jurisdiction", jurisdiction, R2_JURISDICTIONS);
}

function checkRules(
  { bucketName, locationHint }: StateBucketProps,
  { historyPrefix, ...days }: HistoryRules,
): void {
  const { historyLockDays, historyDays } = days;
  const checks = new PropChecks(`bucket "${bucketName}"`);
  checks.choice("locationHint", locationHint, R2_LOCATIONS);
  if (!/^[^/].*\/$/.test(historyPrefix)) {
    checks.fail(`historyPrefix "${historyPrefix}" is not a folder; write it like history/`);
  }
  for (const [name, value] of Object.entries(days)) {
    checks.wholeNumber(name, value, name === "abortUploadsDays" ? { ...DAYS, min: 1 } : DAYS);
  }
  if (historyDays !== 0 && historyDays <= historyLockDays) {
    checks.fail(
      `historyDays ${historyDays} is not more than historyLockDays ${historyLockDays}; use a longer time`,
    );
  }
}
