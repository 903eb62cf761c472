import type { Env } from "../../worker/src/env";
import worker, {
  Directory as RealDirectory,
  Passwords as RealPasswords,
  StateObject as RealStateObject,
} from "../../worker/src/index";

/*
 * The tfstate Worker, unchanged, with bindings that count: its requests, the requests to R2 and to the Durable Objects,
 * and the rows that SQLite reads and writes. The clock stands still until `/~minute-later` advances it, which lets
 * alarms go off.
 */

/** How often each operation was done, by name. All objects run in one isolate, so this counts everything. */
const counts: Record<string, number> = {};
function count(what: string, times = 1): void {
  counts[what] = (counts[what] ?? 0) + times;
}

/** When the alarm of each state is due, by the state's name. */
const alarms = new Map<string, number>();
/** Whether a client has made a request. */
let served = false;

// On a slow machine the Worker would otherwise do more. Outside of a request the clock does not run yet.
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

/** Counts each call of a method as a request to the object. The namespace has no other method than `getByName`. */
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
  PASSWORDS: countedObjects(env.PASSWORDS),
});

/** Has only what the Worker uses of the storage: anything else would fail instead of not being counted. */
function countStorage(ctx: DurableObjectState): void {
  const { storage } = ctx;
  const name = ctx.id.name ?? "";
  const sql = {
    exec(query: string, ...bindings: readonly unknown[]) {
      const cursor = storage.sql.exec(query, ...bindings);
      // The caller reads the cursor to its end before it awaits anything, so the counts are final in a microtask.
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
    // Cloudflare bills it as a row written.
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

export class Passwords extends RealPasswords {
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

  /** Runs the alarm, which cannot be called from outside by its own name. */
  async wake(): Promise<void> {
    count("object alarm");
    await this.alarm();
  }

  async databaseBytes(): Promise<number> {
    return this.ctx.storage.sql.databaseSize;
  }
}

/** Does everything that is due within a minute: alarms, and what the Worker reports to its Directory after requests. */
async function minuteLater(env: CountingEnv): Promise<void> {
  minutes++;
  for (const [name, due] of [...alarms]) if (due <= Date.now()) await wake(env, name);
  if (!served) return;
  const pending: Promise<unknown>[] = [];
  const ctx = { waitUntil: (work: Promise<unknown>) => pending.push(work) } as unknown as ExecutionContext;
  await worker.fetch(new Request("http://localhost/health"), counted(env), ctx);
  await Promise.all(pending);
}

async function wake(env: CountingEnv, name: string): Promise<void> {
  alarms.delete(name);
  await env.STATE.getByName(name).wake();
}

/** Paths `/~…` are for the measurement and are not counted; the name of a state in them starts with its namespace. */
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
