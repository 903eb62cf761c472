import { WorkersCronTrigger } from "@cdktf/provider-cloudflare/lib/workers-cron-trigger";
import { WorkersCustomDomain } from "@cdktf/provider-cloudflare/lib/workers-custom-domain";
import {
  WorkersScript,
  type WorkersScriptBindings,
  type WorkersScriptConfig,
} from "@cdktf/provider-cloudflare/lib/workers-script";
import { WorkersScriptSubdomain } from "@cdktf/provider-cloudflare/lib/workers-script-subdomain";
import { AssetType, TerraformAsset } from "cdktf";
import { Construct } from "constructs";
import { WORKER_HOST_NAME, WORKER_NAME, ZONE_ID } from "../domain/cloudflare";
import { DAYS } from "../domain/retention";
import {
  BASE_PATH,
  CRON,
  DEFAULT_CRON,
  KEEP_VERSIONS,
  NAMESPACE,
  WORKER_ENCRYPTION,
} from "../domain/tfstate-worker";
import { type DurableObjectMigration, DurableObjectMigrations } from "./durable-object-migrations";
import { PropChecks } from "./prop-checks";
import type { IStateBucket } from "./state-bucket";
import { type TfstateWorkerSettings, workerVariables } from "./tfstate-worker-settings";

/** Options of a {@link TfstateWorker} that do not depend on its buckets. */
export interface TfstateWorkerOptions {
  /** The code that is uploaded: `packagedWorker()` is what comes with this package. */
  readonly module: WorkerModule;
  /** Its name in the account: at most 63 letters, digits and -, in lower case. @default - the construct's id */
  readonly workerName?: string;
  /** A host name of its own; at its host name on workers.dev it then answers an error. @default - a host name on workers.dev */
  readonly domain?: WorkerDomain;
  /** The account's subdomain of workers.dev. With it, the address is known. @default - {@link TfstateWorker.url} is unknown */
  readonly workersDevSubdomain?: string;
  /** When the states are copied and checked, in UTC. @default - "17 3 * * *" where there is a `backupBucket`, else never */
  readonly cron?: string;
  /** Who may use it, and how it keeps states. @default - an owner, whose name and password are in TF_VAR_tfstate_username and TF_VAR_tfstate_password */
  readonly settings?: TfstateWorkerSettings;
  /** Whether Cloudflare keeps the Worker's logs. @default true */
  readonly observability?: boolean;
  /** Migrations of its Durable Object classes, oldest first. Never remove one. @default - {@link TFSTATE_WORKER_MIGRATIONS} */
  readonly migrations?: readonly DurableObjectMigration[];
}

/** What a {@link TfstateWorker} is made of. */
export interface TfstateWorkerProps extends TfstateWorkerOptions {
  /** Holds the states. */
  readonly bucket: IStateBucket;
  /** Bucket for the scheduled backups. @default - no backups */
  readonly backupBucket?: IStateBucket;
  /** Whether a plan may destroy the Worker, and its locks and histories with it. @default false */
  readonly allowDestroy?: boolean;
}

/** The bundle of the Worker. */
export interface WorkerModule {
  /** Absolute path of an ES module; it is copied beside the synthesized stack. */
  readonly path: string;
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string;
  /** Date whose runtime behaviour it is written for, for example `2026-04-01`. */
  readonly compatibilityDate: string;
  /** What of the runtime it needs beyond that date, for example `nodejs_compat`. @default - nothing */
  readonly compatibilityFlags?: readonly string[];
}

/** A host name in a zone of the account. */
export interface WorkerDomain {
  /** The whole name, for example `tfstate.example.com`. */
  readonly hostname: string;
  /** Zone of the host name, 32 hex digits. */
  readonly zoneId: string;
  /**
   * Whether every client uses this host name. Then workers.dev is off, and Cloudflare answers 404 there, which a client
   * takes for "no state".
   * @default false
   */
  readonly clientsMoved?: boolean;
}

/** Migrations of the Durable Object classes of the Worker in this package. A Worker of your own has others. */
export const TFSTATE_WORKER_MIGRATIONS: readonly DurableObjectMigration[] = [
  { tag: "v1", newSqliteClasses: ["StateObject", "Directory"] },
  { tag: "v2", newSqliteClasses: ["Passwords"] },
];

/** Classes of Durable Objects, by the name of the binding. */
const OBJECT_CLASSES = { STATE: "StateObject", DIRECTORY: "Directory", PASSWORDS: "Passwords" } as const;

const MAIN_MODULE = "index.mjs";

/**
 * The tfstate Worker: an HTTP state backend on R2 and Durable Objects.
 *
 * Every change is an update in place, which keeps its Durable Objects: see {@link DurableObjectMigrations}. A replacement
 * would lose every lock and history, so OpenTofu refuses it ({@link TfstateWorkerProps.allowDestroy}).
 *
 * @see https://developers.cloudflare.com/api/resources/workers/subresources/scripts/methods/update/
 */
export class TfstateWorker extends Construct {
  /** Its name in the account. */
  readonly workerName: string;
  /** Where it answers, without a slash at the end; unknown on workers.dev without the account's subdomain. */
  readonly url?: string;
  /** The resource; its address is `cloudflare_workers_script.<id>`. */
  readonly resource: WorkersScript;
  /** The part of an upload that declares the classes of its Durable Objects. */
  readonly migrations: DurableObjectMigrations;

  /** @throws if a prop is not valid, or there are no credentials at all. */
  constructor(scope: Construct, id: string, props: TfstateWorkerProps) {
    super(scope, id);
    const { bucket, domain, settings = {} } = props;
    this.workerName = props.workerName ?? id;
    checkProps(this.workerName, props);
    const basePath = settings.basePath ?? "";
    if (domain) this.url = `https://${domain.hostname}${basePath}`;
    else if (props.workersDevSubdomain)
      this.url = `https://${this.workerName}.${props.workersDevSubdomain}.workers.dev${basePath}`;

    const script = this.script(props);
    this.migrations = new DurableObjectMigrations(this, id, {
      script,
      migrations: props.migrations ?? TFSTATE_WORKER_MIGRATIONS,
      jurisdiction: bucket.jurisdiction,
    });
    this.resource = new WorkersScript(this, "Resource", {
      ...this.migrations.script,
      migrations: this.migrations.config,
      lifecycle: { preventDestroy: !props.allowDestroy, precondition: [this.migrations.precondition] },
    });
    this.resource.overrideLogicalId(id);
    this.addRoutes(id, { ...props, accountId: bucket.accountId });
  }

  private script({ module, bucket, backupBucket, ...props }: TfstateWorkerProps): WorkersScriptConfig {
    const asset = new TerraformAsset(this, "module", {
      path: module.path,
      type: AssetType.FILE,
      assetHash: module.sha256,
    });
    const bindings: WorkersScriptBindings[] = [
      bucketBinding("BUCKET", bucket),
      ...(backupBucket ? [bucketBinding("BACKUP", backupBucket)] : []),
      ...objectBindings(props.migrations ?? TFSTATE_WORKER_MIGRATIONS),
      ...workerVariables(this, this.workerName, props.settings ?? {}, props.domain?.hostname),
    ];
    return {
      accountId: bucket.accountId,
      scriptName: this.workerName,
      contentFile: asset.path,
      contentSha256: module.sha256,
      mainModule: MAIN_MODULE,
      compatibilityDate: module.compatibilityDate,
      compatibilityFlags: module.compatibilityFlags?.length ? [...module.compatibilityFlags] : undefined,
      bindings,
      observability: observability(props.observability ?? true),
    };
  }

  private addRoutes(id: string, props: TfstateWorkerProps & { readonly accountId: string }): void {
    const { accountId, domain, backupBucket } = props;
    const scriptName = this.resource.scriptName;
    const subdomain = new WorkersScriptSubdomain(this, "subdomain", {
      accountId,
      scriptName,
      enabled: !domain?.clientsMoved,
      // A preview would be another version of the code with access to the same states.
      previewsEnabled: false,
    });
    subdomain.overrideLogicalId(id);
    if (domain) {
      const route = new WorkersCustomDomain(this, "domain", {
        accountId,
        service: scriptName,
        hostname: domain.hostname,
        zoneId: domain.zoneId,
        // Deprecated. But Cloudflare reports it, and without it every plan would replace the domain.
        environment: "production",
      });
      route.overrideLogicalId(id);
    }
    const cron = props.cron ?? (backupBucket && DEFAULT_CRON);
    if (cron) {
      const trigger = new WorkersCronTrigger(this, "cron", { accountId, scriptName, schedules: [{ cron }] });
      trigger.overrideLogicalId(id);
    }
  }
}

/** Cloudflare refuses a binding to a class that no migration made. */
function objectBindings(migrations: readonly DurableObjectMigration[]): WorkersScriptBindings[] {
  const classes = migrations.flatMap(({ newSqliteClasses }) => newSqliteClasses);
  return Object.entries(OBJECT_CLASSES)
    .filter(([, className]) => classes.includes(className))
    .map(([name, className]) => ({ type: "durable_object_namespace", name, className }));
}

function bucketBinding(name: string, bucket: IStateBucket): WorkersScriptBindings {
  return {
    type: "r2_bucket",
    name,
    bucketName: bucket.resource?.name ?? bucket.bucketName,
    // The provider sends this value unchanged, and the API does not know the value `default`.
    jurisdiction: bucket.jurisdiction,
  };
}

/** Complete, as Cloudflare reports it. A missing key would be a change in every plan. */
function observability(enabled: boolean) {
  const rate = { headSamplingRate: 1 };
  return {
    enabled,
    ...rate,
    logs: { enabled, invocationLogs: enabled, ...rate, persist: true, destinations: [] },
  };
}

function checkProps(workerName: string, props: TfstateWorkerProps): void {
  const { module, bucket, backupBucket, domain, settings = {} } = props;
  const checks = new PropChecks(`Worker "${workerName}"`);
  checks.text("workerName", workerName, WORKER_NAME);
  checks.text("workersDevSubdomain", props.workersDevSubdomain, WORKER_NAME);
  checks.text("domain.hostname", domain?.hostname, WORKER_HOST_NAME);
  checks.text("domain.zoneId", domain?.zoneId, ZONE_ID);
  checks.text("cron", props.cron, CRON);
  checks.text("settings.pskNamespace", settings.pskNamespace, NAMESPACE);
  checks.choice("settings.encryption", settings.encryption, WORKER_ENCRYPTION);
  checks.wholeNumber("settings.keepVersions", settings.keepVersions, KEEP_VERSIONS);
  checks.wholeNumber("settings.keepDays", settings.keepDays, DAYS);
  checks.text("settings.basePath", settings.basePath, BASE_PATH);
  if (!/^[0-9a-f]{64}$/.test(module.sha256)) {
    checks.fail(`module.sha256 "${module.sha256}" is not 64 hex digits`);
  }
  if (backupBucket && backupBucket.accountId !== bucket.accountId) {
    checks.fail(
      `its backup bucket is in another account, ${backupBucket.accountId}; use a bucket in ${bucket.accountId}`,
    );
  }
}
