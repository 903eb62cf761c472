import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { whoAmI } from "../../process/who-am-i";
import { CallError, TalosError } from "../errors";
import type { KubernetesCalls } from "./drain";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
const NAME = "cdktf-proxmox-talos";
const LEASE = `${LEASES}/${NAME}`;

/** How often a run says that it still goes on. */
const RENEW_SECONDS = 15;
/** After how long without a word a run counts as dead. It has missed three of them. */
const DEAD_SECONDS = 50;
const RELEASE_TIMEOUT_MS = 5_000;

const leaseObject = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string() }),
  spec: z.object({ holderIdentity: z.string().default("somebody") }),
});
type LeaseObject = z.infer<typeof leaseObject>;

export interface RunLeaseOptions {
  /** What runs, for others to read: `upgrade`. */
  readonly command: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** How long a second is. @default 1_000 */
  readonly secondMs?: number;
}

/** Another run works on the cluster. */
export class LeaseHeldError extends TalosError {
  override readonly name = "LeaseHeldError";
}

/**
 * Works alone on the nodes of a cluster: a Lease in Kubernetes keeps other runs of such commands away. One whose run was killed is taken
 * over when it is not renewed for a while, whatever the clocks say.
 *
 * @throws LeaseHeldError if another run has it; nothing is touched then
 */
export async function withRunLease<T>(
  api: KubernetesCalls,
  options: RunLeaseOptions,
  work: (lease: RunLease) => Promise<T>,
): Promise<T> {
  const lease = new RunLease(api, await acquire(api, options));
  const { secondMs = 1_000 } = options;
  const timer = setInterval(() => lease.requireHeld().catch(() => undefined), RENEW_SECONDS * secondMs);
  try {
    return await work(lease);
  } finally {
    clearInterval(timer);
    await lease.release();
  }
}

/** The right to change nodes, as long as no other run has taken it over. */
export class RunLease {
  private isLost = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly api: KubernetesCalls,
    private held: LeaseObject,
  ) {}

  /** Renews it. @throws TalosError if another run has taken it over, or the API does not answer */
  requireHeld(): Promise<void> {
    const next = this.work.catch(() => undefined).then(() => this.renew());
    this.work = next;
    return next;
  }

  /** Lets the next run have it. Where the API does not answer, that one finds out by itself. */
  async release(): Promise<void> {
    await this.work.catch(() => undefined);
    if (this.isLost) return;
    const { uid, resourceVersion } = this.held.metadata;
    const body = { preconditions: { uid, resourceVersion } };
    const timeoutMs = RELEASE_TIMEOUT_MS;
    await this.api.call(LEASE, { method: "DELETE", body, timeoutMs, afterStop: true }).catch(() => undefined);
  }

  private async renew(): Promise<void> {
    if (!this.isLost) {
      try {
        this.held = await write(this.api, this.held, { renewTime: now() });
        return;
      } catch (error) {
        if (!isConflict(error)) throw error;
        this.isLost = true;
      }
    }
    throw new TalosError(
      "another run has taken over, because this one could not reach Kubernetes for a while; wait for its end, then run the command again",
    );
  }
}

/** Creates the lease, or takes it from a run that is dead. */
async function acquire(api: KubernetesCalls, options: RunLeaseOptions): Promise<LeaseObject> {
  const { command, say, signal, secondMs = 1_000 } = options;
  const spec = {
    holderIdentity: `npm run ${command} of ${whoAmI()} (process ${process.pid})`,
    acquireTime: now(),
    renewTime: now(),
  };
  const body = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: NAME, namespace: "kube-system" },
    spec: { ...spec, leaseDurationSeconds: DEAD_SECONDS },
  };
  try {
    return leaseObject.parse(await api.call(LEASES, { method: "POST", body }));
  } catch (error) {
    if (!(error instanceof CallError && error.code === "409")) throw error;
  }
  const found = await find(api);
  if (found === undefined) return acquire(api, options);
  say(`${found.spec.holderIdentity} is at work on the nodes, or was killed; waiting for a sign of it`);
  for (let seconds = 0; seconds < DEAD_SECONDS; seconds += 2) {
    await sleep(2 * secondMs, undefined, { signal });
    const later = await find(api);
    if (later === undefined) return acquire(api, options);
    if (later.metadata.resourceVersion !== found.metadata.resourceVersion) throw held(later);
  }
  try {
    const taken = await write(api, found, spec);
    say(`${found.spec.holderIdentity} has given none, so its place is taken`);
    return taken;
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw held((await find(api)) ?? found);
  }
}

const held = ({ spec }: LeaseObject): LeaseHeldError =>
  new LeaseHeldError(`${spec.holderIdentity} is at work on the nodes; wait for its end`);

async function find(api: KubernetesCalls): Promise<LeaseObject | undefined> {
  const found = await api.find(LEASE);
  return found === undefined ? undefined : leaseObject.parse(found);
}

/** Writes it where nobody else has done so since. */
async function write(api: KubernetesCalls, { metadata }: LeaseObject, spec: object): Promise<LeaseObject> {
  const { uid, resourceVersion } = metadata;
  const body = { metadata: { uid, resourceVersion }, spec };
  return leaseObject.parse(await api.call(LEASE, { method: "PATCH", body }));
}

/** Somebody else was faster: it is there already, another one by now, or gone. */
const isConflict = (error: unknown): boolean =>
  error instanceof CallError && (error.code === "409" || error.code === "404");

/** RFC 3339 with microseconds, as Kubernetes wants it. */
const now = (): string => new Date().toISOString().replace("Z", "000Z");
