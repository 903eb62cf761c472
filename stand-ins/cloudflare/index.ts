import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { findCredential } from "./access/s3-access";
import { Account } from "./account";
import { API_PREFIX, cloudflareApi } from "./api/app";
import type { Location } from "./api/r2-buckets";
import { bucketKey } from "./model";
import { deleteExpired, hasDeleteRules, SWEEP_MS } from "./r2/lifecycle";
import { lockedObjects } from "./r2/locked-objects";
import { WorkersRuntime } from "./runtime/runtime";
import { Schedules } from "./runtime/schedules";
import type { WorkerBackend } from "./runtime/worker-port";
import { WorkerPorts } from "./runtime/worker-ports";
import { createS3, type S3Access } from "./s3";
import { CloudflareServer } from "./server";
import { Deployments } from "./workers/deployments";

export interface CloudflareOptions {
  /** The folder that keeps the account, the objects and the Durable Objects. Created if it does not exist. */
  readonly folder: string;
  /** 0 takes a free one. @default 0 */
  readonly port?: number;
  /** The ID of a new account, 32 hex digits. @default - a random one */
  readonly accountId?: string;
  /** The location of every new bucket, since R2 may ignore a `locationHint`. @default - the hint */
  readonly location?: Location;
  /** Receives a line for each answered request, without secrets. @default - nobody does */
  readonly onRequest?: (line: string) => void;
  /** Receives the output of the Workers and of workerd. @default - nobody does */
  readonly onWorkerOutput?: (text: string) => void;
}

export interface CloudflareStandIn {
  /** `http://127.0.0.1:<port>/client/v4`: CLOUDFLARE_BASE_URL */
  readonly apiUrl: string;
  /** `http://127.0.0.1:<port>`: AWS_ENDPOINT_URL_S3, with buckets in the path. Jurisdictions: `/_eu`, `/_fedramp`. */
  readonly s3Url: string;
  /** CLOUDFLARE_ACCOUNT_ID */
  readonly accountId: string;
  /** CLOUDFLARE_API_TOKEN: it has all permissions in the account, and is saved in the folder. */
  readonly apiToken: string;
  /** The four values above as environment variables. */
  readonly env: Readonly<Record<string, string>>;
  /** The address of a Worker: a loopback port of its own, which never changes. May be called before the upload. */
  workerUrl(script: string): string;
  /** Deletes the objects that lifecycle rules expire, as happens every hour. @param now ms since 1970 @default - now */
  expireObjects(now?: number): Promise<void>;
  /** Runs a cron trigger of a Worker now. @returns its outcome: `ok`, or the error */
  runSchedule(script: string, cron: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts a stand-in for Cloudflare on loopback: the API of one account, R2 with its S3 API and its Worker bindings, and
 * the Workers themselves, in workerd.
 * @throws where the folder holds another account, or a port is taken
 */
export async function startCloudflare(options: CloudflareOptions): Promise<CloudflareStandIn> {
  const folder = resolve(options.folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = options.onRequest ?? (() => undefined);
  const account = new Account(folder, options.accountId);
  const { state } = account;

  const runtime = new WorkersRuntime(account, folder, options.onWorkerOutput);
  const schedules = new Schedules(account, runtime, log);
  const deployments = new Deployments(account, runtime, schedules, folder);
  const ports = new WorkerPorts(account, (script) => backendOf(script, { account, runtime, schedules, log }));
  const api = cloudflareApi({
    account,
    runtime,
    deployments,
    schedules,
    location: options.location,
    log,
  });
  const server = new CloudflareServer({
    api: (request) => api.fetch(request),
    s3: createS3(s3AccessTo(account, runtime)),
    enter: () => runtime.enter(),
    log,
  });
  const expireObjects = async (now = Date.now()): Promise<void> => {
    const expiring = Object.values(state.buckets).filter(hasDeleteRules);
    if (expiring.length === 0) return;
    const leave = await runtime.enter();
    try {
      for (const bucket of expiring) await deleteExpired(bucket, runtime.objects(bucket), now);
    } finally {
      leave();
    }
  };
  const sweep = setInterval(
    () => void expireObjects().catch(({ message }: Error) => log(`lifecycle rules: ${message}`)),
    SWEEP_MS,
  ).unref();
  const close = async (): Promise<void> => {
    clearInterval(sweep);
    schedules.stop();
    await Promise.all([server.close(), ports.close()]);
    await runtime.stop();
  };

  try {
    await ports.start();
    if (Object.keys(state.scripts).length > 0) await runtime.reload();
    schedules.update();
    const origin = `http://127.0.0.1:${await server.listen(options.port ?? 0)}`;
    return {
      apiUrl: `${origin}${API_PREFIX}`,
      s3Url: origin,
      accountId: state.id,
      apiToken: state.apiToken,
      env: {
        CLOUDFLARE_BASE_URL: `${origin}${API_PREFIX}`,
        CLOUDFLARE_ACCOUNT_ID: state.id,
        CLOUDFLARE_API_TOKEN: state.apiToken,
        AWS_ENDPOINT_URL_S3: origin,
      },
      workerUrl: (script) => `http://127.0.0.1:${ports.of(script)}`,
      expireObjects,
      runSchedule: (script, cron) => schedules.fire(script, cron),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Gives the S3 API access to the account's buckets and tokens. */
function s3AccessTo(account: Account, runtime: WorkersRuntime): S3Access {
  const { buckets } = account.state;
  return {
    async bucket(jurisdiction, name) {
      const bucket = buckets[bucketKey({ jurisdiction, name })];
      return bucket && lockedObjects(runtime.objects(bucket), bucket);
    },
    buckets: async (jurisdiction) =>
      Object.values(buckets).filter((bucket) => bucket.jurisdiction === jurisdiction),
    credential: (accessKeyId) => findCredential(account.state, accessKeyId),
  };
}

interface BackendParts {
  readonly account: Account;
  readonly runtime: WorkersRuntime;
  readonly schedules: Schedules;
  readonly log: (line: string) => void;
}

/** The Worker behind an address. As at Cloudflare, it answers only while it is deployed and has a route. */
function backendOf(script: string, { account, runtime, schedules, log }: BackendParts): WorkerBackend {
  return {
    unreachable() {
      const { scripts, domains } = account.state;
      const deployed = scripts[script];
      if (!deployed) return "no Worker of this name is deployed";
      const hasDomain = Object.values(domains).some(({ service }) => service === script);
      if (deployed.subdomain.enabled || hasDomain) return undefined;
      return "the Worker has no route: enable its workers.dev subdomain, or add a custom domain";
    },
    enter: () => runtime.enter(),
    address: () => runtime.address(script),
    schedule: (cron) => schedules.fire(script, cron),
    log: (line) => log(`${script} ${line}`),
  };
}
