import type { Env } from "../../worker/src/env";
import worker, { Directory as RealDirectory, StateObject as RealStateObject } from "../../worker/src/index";

/*
 * The Worker as it is, between bindings that count: what comes in, what R2 and the Durable Objects are asked for, and
 * what SQLite reads and writes. Time is the measurement's: it stands still, and `/~minute-later` lets alarms go off.
 */

/** How often each thing was done, by its name. All objects share the one isolate, so this is all of it. */
const counts: Record<string, number> = {};
function count(what: string, times = 1): void {
  counts[what] = (counts[what] ?? 0) + times;
}

/** When the alarm of each state is due, by its name. */
const alarms = new Map<string, number>();
/** Whether a client asked for anything. */
let served = false;

// A slow machine must not make the Worker do more. (Outside of a request there is no time yet.)
const clock = Date.now.bind(Date);
let started: number | undefined;
let minutes = 0;
Date.now = () => {
  started ??= clock();
  return started + minutes * 60_000;
};

/** R2's price list names operations as the S3 API does. */
const operations: Readonly<Record<string, string>> = {
  head: "HeadObject",
  get: "GetObject",
  put: "PutObject",
  delete: "DeleteObject",
  list: "ListObjects",
};

/** The Worker's own bindings, the backup included. */
interface CountingEnv extends Omit<Env, "STATE"> {
  readonly BACKUP: R2Bucket;
  readonly STATE: DurableObjectNamespace<StateObject>;
}

type Method = (...args: readonly unknown[]) => unknown;

function countedBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      const operation = operations[String(name)];
      if (operation === undefined) {
        throw new Error(`R2's ${String(name)} is not counted yet; add it to operations`);
      }
      const method = target[name as keyof R2Bucket] as Method;
      return (...args: readonly unknown[]) => {
        count(operation);
        return method.apply(target, [...args]);
      };
    },
  });
}

/** Each call of a method is a request to the object. What else a namespace has is left out. */
function countedObjects<T>(objects: { getByName(name: string): object }): T {
  const getByName = (name: string) =>
    new Proxy(objects.getByName(name), {
      get: (stub, method) => {
        const call = (stub as Record<string, Method>)[String(method)] as Method;
        return (...args: readonly unknown[]) => {
          count(`object ${String(method)}`);
          return call(...args);
        };
      },
    });
  return { getByName } as T;
}

const counted = (env: CountingEnv): Env => ({
  ...env,
  BUCKET: countedBucket(env.BUCKET),
  BACKUP: countedBucket(env.BACKUP),
  STATE: countedObjects(env.STATE),
  DIRECTORY: countedObjects(env.DIRECTORY),
});

/** What the Worker does not use is left out: were it used, it would fail instead of going by uncounted. */
function countStorage(ctx: DurableObjectState): void {
  const { storage } = ctx;
  const name = ctx.id.name ?? "";
  const sql = {
    exec(query: string, ...bindings: readonly unknown[]) {
      const cursor = storage.sql.exec(query, ...bindings);
      // A cursor reads as it is asked to, which is at once: nothing may wait in between.
      queueMicrotask(() => {
        count("rows read", cursor.rowsRead);
        count("rows written", cursor.rowsWritten);
      });
      return cursor;
    },
    get databaseSize() {
      return storage.sql.databaseSize;
    },
  };
  const counting = {
    sql,
    transactionSync: <T>(change: () => T) => storage.transactionSync(change),
    getAlarm: async () => alarms.get(name) ?? null,
    // Billed as a row written.
    async setAlarm(time: number | Date) {
      count("rows written");
      alarms.set(name, Number(time));
    },
  };
  Object.defineProperty(ctx, "storage", { value: counting });
}

export class Directory extends RealDirectory {
  constructor(ctx: DurableObjectState, env: CountingEnv) {
    countStorage(ctx);
    super(ctx, counted(env));
  }
}

export class StateObject extends RealStateObject {
  constructor(ctx: DurableObjectState, env: CountingEnv) {
    countStorage(ctx);
    super(ctx, counted(env));
  }

  /** The alarm itself cannot be called. */
  async wake(): Promise<void> {
    count("object alarm");
    await this.alarm();
  }

  async databaseBytes(): Promise<number> {
    return this.ctx.storage.sql.databaseSize;
  }
}

/** Everything that is due within a minute is done: alarms, and what the Worker tells its Directory after requests. */
async function minuteLater(env: CountingEnv): Promise<void> {
  minutes++;
  for (const [name, due] of [...alarms]) if (due <= Date.now()) await wake(env, name);
  if (!served) return;
  const begun: Promise<unknown>[] = [];
  const ctx = { waitUntil: (work: Promise<unknown>) => begun.push(work) } as unknown as ExecutionContext;
  await worker.fetch(new Request("http://localhost/health"), counted(env), ctx);
  await Promise.all(begun);
}

async function wake(env: CountingEnv, name: string): Promise<void> {
  alarms.delete(name);
  await env.STATE.getByName(name).wake();
}

/** `/~…` is for the measurement, and not counted. A state's name there has its namespace before it. */
export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    const [, command, name = ""] = /^\/~([a-z-]+)\/?(.*)$/.exec(pathname) ?? [];
    switch (command) {
      case undefined:
        served = true;
        count(`worker ${request.method}`);
        return worker.fetch(request, counted(env), ctx);
      case "minute-later":
        await minuteLater(env);
        break;
      case "wake":
        await wake(env, name);
        break;
      case "size":
        return Response.json({ databaseBytes: await env.STATE.getByName(name).databaseBytes() });
    }
    const { objects } = await env.BUCKET.list();
    return Response.json({ counts, objects: objects.length });
  },
  scheduled(event, env) {
    count("worker cron");
    return worker.scheduled(event, counted(env));
  },
} satisfies ExportedHandler<CountingEnv>;
