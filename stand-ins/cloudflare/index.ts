import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { findCredential } from "./access/s3-access";
import { Account } from "./account";
import { API_PREFIX, cloudflareApi } from "./api/app";
import type { Location } from "./api/r2-buckets";
import { bucketKey } from "./model";
import { expire, expires, SWEEP_MS } from "./r2/lifecycle";
import { lockedObjects } from "./r2/locked-objects";
import { WorkersRuntime } from "./runtime/runtime";
import { Schedules } from "./runtime/schedules";
import type { WorkerBackend } from "./runtime/worker-port";
import { WorkerPorts } from "./runtime/worker-ports";
import { createS3, type S3Access } from "./s3";
import { CloudflareServer } from "./server";
import { Deployments } from "./workers/deployments";

export interface CloudflareOptions {
  /** Where the account, the objects and the Durable Objects are kept. Made where it is missing. */
  readonly folder: string;
  /** 0 takes a free one. @default 0 */
  readonly port?: number;
  /** Of a new account, 32 hex digits. @default a random one */
  readonly accountId?: string;
  /** Where every new bucket is, since R2 need not heed a `locationHint`. @default as wished for */
  readonly location?: Location;
  /** One line for each request that has been answered, without secrets. */
  readonly onRequest?: (line: string) => void;
  /** What the Workers and workerd write. */
  readonly onWorkerOutput?: (text: string) => void;
}

export interface CloudflareStandIn {
  /** `http://127.0.0.1:<port>/client/v4`: CLOUDFLARE_BASE_URL */
  readonly apiUrl: string;
  /** `http://127.0.0.1:<port>`: AWS_ENDPOINT_URL_S3, with buckets in the path. Jurisdictions: `/_eu`, `/_fedramp`. */
  readonly s3Url: string;
  /** CLOUDFLARE_ACCOUNT_ID */
  readonly accountId: string;
  /** CLOUDFLARE_API_TOKEN: it may do everything in the account, and is kept in the folder. */
  readonly apiToken: string;
  /** The four above, by the names that programs know them by. */
  readonly env: Readonly<Record<string, string>>;
  /** Where a Worker answers: a loopback port of its own, which it keeps. May be asked before the upload. */
  workerUrl(script: string): string;
  /** Deletes what lifecycle rules say, as happens every hour. @param now ms since 1970 @default the clock's */
  expireObjects(now?: number): Promise<void>;
  /** Runs a cron trigger of a Worker now. @returns its outcome, `ok` or what went wrong */
  runSchedule(script: string, cron: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts a stand-in of Cloudflare on loopback: one account with its API, R2 behind the S3 API and behind the bindings
 * of Workers, and the Workers themselves, in workerd.
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
    const expiring = Object.values(state.buckets).filter(expires);
    if (expiring.length === 0) return;
    const leave = await runtime.enter();
    try {
      for (const bucket of expiring) await expire(bucket, runtime.objects(bucket), now);
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

/** What the S3 API asks of the account. */
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

/** A Worker behind its address: it answers while it is deployed and has a route, as at Cloudflare. */
function backendOf(script: string, { account, runtime, schedules, log }: BackendParts): WorkerBackend {
  return {
    unreachable() {
      const { scripts, domains } = account.state;
      const deployed = scripts[script];
      if (!deployed) return "there is nothing here yet: no Worker of this name is deployed";
      const hasDomain = Object.values(domains).some(({ service }) => service === script);
      if (deployed.subdomain.enabled || hasDomain) return undefined;
      return "the Worker is deployed, and has neither its workers.dev subdomain enabled nor a custom domain";
    },
    enter: () => runtime.enter(),
    address: () => runtime.address(script),
    schedule: (cron) => schedules.fire(script, cron),
    log: (line) => log(`${script} ${line}`),
  };
}
