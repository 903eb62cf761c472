import type { Env } from "../worker/src/env";
import worker, { Directory as RealDirectory, StateObject as RealStateObject } from "../worker/src/index";

/*
 * The Worker as it is, between bindings that count: what comes in, what R2 and the Durable Objects are asked for, and
 * what SQLite reads and writes. Time is the measurement's: it stands still, and `/~minute-later` lets alarms go off.
 */

/** How often each thing was done, by its name. All objects share the one isolate, so this is all of it. */
const counts: Record<string, number> = {};
function count(what: string, times = 1): void {
  counts[what] = (counts[what] ?? 0) + times;
}

/** When the alarm of each state is due. */
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

function countedBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get: (target, name: keyof R2Bucket) => {
      const operation = operations[name];
      if (operation === undefined) throw new Error(`R2's ${name} is not counted yet; add it to operations`);
      return (...args: never[]) => {
        count(operation);
        return (target[name] as (...args: never[]) => unknown)(...args);
      };
    },
  });
}

/** Each call of a method is a request to the object. */
function countedObjects<T extends Rpc.DurableObjectBranded>(
  objects: DurableObjectNamespace<T>,
): DurableObjectNamespace<T> {
  const getByName = (objectName: string) => {
    const stub = objects.getByName(objectName) as unknown as Record<string, (...args: unknown[]) => unknown>;
    return new Proxy(stub, {
      get:
        (target, method: string) =>
        (...args: unknown[]) => {
          count(`object ${method}`);
          return target[method]?.(...args);
        },
    });
  };
  return { getByName } as unknown as DurableObjectNamespace<T>;
}

const counted = (env: Env): Env => ({
  ...env,
  BUCKET: countedBucket(env.BUCKET),
  BACKUP: env.BACKUP && countedBucket(env.BACKUP),
  STATE: countedObjects(env.STATE),
  DIRECTORY: countedObjects(env.DIRECTORY),
});

function countStorage(ctx: DurableObjectState): void {
  const { storage } = ctx;
  const exec: SqlStorage["exec"] = (query, ...bindings) => {
    const cursor = storage.sql.exec(query, ...bindings);
    // A cursor reads as it is asked to, which is at once: nothing may wait in between.
    queueMicrotask(() => {
      count("rows read", cursor.rowsRead);
      count("rows written", cursor.rowsWritten);
    });
    return cursor as never;
  };
  const name = ctx.id.name ?? "";
  const counting: Partial<DurableObjectStorage> = {
    sql: {
      exec,
      get databaseSize() {
        return storage.sql.databaseSize;
      },
    } as SqlStorage,
    transactionSync: (change) => storage.transactionSync(change),
    getAlarm: async () => alarms.get(name) ?? null,
    // Billed as a row written.
    setAlarm: async (time) => {
      count("rows written");
      alarms.set(name, Number(time));
    },
  };
  Object.defineProperty(ctx, "storage", { value: counting });
}

export class Directory extends RealDirectory {
  constructor(ctx: DurableObjectState, env: Env) {
    countStorage(ctx);
    super(ctx, counted(env));
  }
}

export class StateObject extends RealStateObject {
  constructor(ctx: DurableObjectState, env: Env) {
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

const real: ExportedHandler<Env> = worker;

const objectOf = (env: Env, name: string) =>
  env.STATE.getByName(name) as unknown as DurableObjectStub<StateObject>;

/** Everything that is due within a minute is done: alarms, and what the Worker tells its Directory after requests. */
async function minuteLater(env: Env): Promise<void> {
  minutes++;
  for (const [name, due] of [...alarms]) if (due <= Date.now()) await wake(env, name);
  if (!served) return;
  const begun: Promise<unknown>[] = [];
  const ctx = { waitUntil: (work: Promise<unknown>) => begun.push(work) } as unknown as ExecutionContext;
  await worker.fetch(new Request("http://localhost/health"), counted(env), ctx);
  await Promise.all(begun);
}

async function wake(env: Env, name: string): Promise<void> {
  alarms.delete(name);
  await objectOf(env, name).wake();
}

async function objectsIn({ BUCKET }: Env): Promise<number> {
  return (await BUCKET.list()).objects.length;
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
        return Response.json({ databaseBytes: await objectOf(env, name).databaseBytes() });
    }
    return Response.json({ counts, objects: await objectsIn(env) });
  },
  scheduled(event, env, ctx) {
    count("worker cron");
    return real.scheduled?.(event, counted(env), ctx);
  },
} satisfies ExportedHandler<Env>;
