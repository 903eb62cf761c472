import { setTimeout as sleep } from "node:timers/promises";
import { type RunLease, withRunLease } from "../../../talos/change/run-lease";
import { CallError } from "../../../talos/errors";
import type { KubernetesCall } from "../../../talos/kubernetes";
import { waitUntil } from "../../support/wait-until";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";

interface Lease {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
  readonly spec: { readonly holderIdentity: string };
}

/** The part of the API that a lease needs: an object that is only written by who has seen it last. */
class LeaseApi {
  lease: Lease | undefined;
  /** That nobody answers. */
  isDown = false;
  private version = 0;

  call = async (path: string, { method = "GET", body }: KubernetesCall = {}): Promise<unknown> => {
    await sleep(0);
    if (this.isDown) throw new CallError("Kubernetes", path, "connection refused");
    const fail = (code: string) => new CallError("Kubernetes", `${method} ${path}`, code, code);
    const { metadata, spec, preconditions } = body as Partial<Lease> & { preconditions?: Lease["metadata"] };
    if (method === "POST") {
      if (path !== LEASES || this.lease) throw fail(this.lease ? "409" : "404");
      this.lease = this.written(String(++this.version), spec);
      return this.lease;
    }
    if (!this.lease) throw fail("404");
    const seen = metadata ?? preconditions;
    const { uid, resourceVersion } = this.lease.metadata;
    if (seen && (seen.uid !== uid || seen.resourceVersion !== resourceVersion)) throw fail("409");
    this.lease = method === "DELETE" ? undefined : this.written(uid, { ...this.lease.spec, ...spec });
    return this.lease;
  };

  find = async (): Promise<unknown> => {
    await sleep(0);
    return this.lease;
  };

  private written(uid: string, spec: Lease["spec"] | undefined): Lease {
    const holderIdentity = spec?.holderIdentity ?? "";
    return { metadata: { uid, resourceVersion: String(++this.version) }, spec: { holderIdentity } };
  }
}

/** A second takes a few milliseconds here. */
const secondMs = 4;
function run<T>(
  api: LeaseApi,
  work: (lease: RunLease) => Promise<T>,
  {
    command = "upgrade",
    signal = new AbortController().signal,
    said = [] as string[],
    second = secondMs,
  } = {},
): Promise<T> {
  return withRunLease(api, { command, signal, secondMs: second, say: (line) => said.push(line) }, work);
}

test("a run has it while it works, and gives it back, also where it fails", async () => {
  const api = new LeaseApi();
  await run(api, async () => {
    expect(api.lease?.spec.holderIdentity).toMatch(/^npm run upgrade of \S+@\S+ \(process \d+\)$/);
  });
  expect(api.lease).toBeUndefined();
  await expect(run(api, () => Promise.reject(new Error("it failed")))).rejects.toThrow("it failed");
  expect(api.lease).toBeUndefined();
});

test("of many runs at the same time, one works, and the others are told whose it is", async () => {
  const api = new LeaseApi();
  let atWork = 0;
  let most = 0;
  let isDone = false;
  const runs = ["upgrade", "reboot", "remove-node", "reboot"].map((command) =>
    run(
      api,
      async (lease) => {
        most = Math.max(most, ++atWork);
        await waitUntil(() => isDone);
        await lease.requireHeld();
        atWork--;
      },
      { command },
    ).catch((error: Error) => error.message),
  );
  const first = await Promise.race(runs);
  isDone = true;
  const outcomes = await Promise.all(runs);
  expect(first).toMatch(/^npm run \S+ of .* is at work on the nodes; wait for its end$/);
  expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
  expect(most).toBe(1);
});

test("a run that ends while another one waits lets that one go on", async () => {
  const api = new LeaseApi();
  const said: string[] = [];
  let isDone = false;
  const first = run(api, () => waitUntil(() => isDone));
  await waitUntil(() => api.lease !== undefined);
  const second = run(api, async () => "done", { said });
  await waitUntil(() => said.length > 0);
  isDone = true;
  await first;
  expect(await second).toBe("done");
});

test("the place of a run that was killed is taken, and where it was not, it stops", async () => {
  const api = new LeaseApi();
  const said: string[] = [];
  // Its machine sleeps, so it never renews.
  const asleep = run(
    api,
    async (lease) => {
      await run(api, async () => expect(api.lease?.spec.holderIdentity).toMatch(/reboot/), {
        command: "reboot",
        said,
      });
      await lease.requireHeld();
    },
    { second: 3_600_000 },
  );
  await expect(asleep).rejects.toThrow(
    /another run has taken over, because this one could not reach Kubernetes/,
  );
  expect(said).toEqual([
    expect.stringMatching(/^npm run upgrade .* waiting for a sign of it$/),
    expect.stringMatching(/^npm run upgrade .* its place is taken$/),
  ]);
});

test("what is not its own any more is not given back", async () => {
  const api = new LeaseApi();
  const other = { metadata: { uid: "other", resourceVersion: "1" }, spec: { holderIdentity: "another run" } };
  await run(api, async () => {
    api.lease = other;
  });
  expect(api.lease).toEqual(other);
});

test("an API that is away for a while, as while a control plane restarts, costs nothing", async () => {
  const api = new LeaseApi();
  await run(api, async (lease) => {
    api.isDown = true;
    await expect(lease.requireHeld()).rejects.toThrow("connection refused");
    api.isDown = false;
    await lease.requireHeld();
  });
  expect(api.lease).toBeUndefined();
});

test("an interruption while it waits ends it", async () => {
  const api = new LeaseApi();
  const stop = new AbortController();
  await run(api, async () => {
    const waiting = run(api, async () => "done", { signal: stop.signal });
    setTimeout(() => stop.abort(), 5);
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  });
});
