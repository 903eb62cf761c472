import worker, { Directory as RealDirectory, StateObject as RealStateObject } from "../worker/src/index";

/*
 * The Worker as it is, between bindings that count: what comes in, what R2 and the Durable Objects are asked for, and
 * what SQLite reads and writes. Time is the measurement's: it stands still, and `/~minute-later` lets alarms go off.
 */

/** How often each thing was done, by its name. All objects share the one isolate, so this is all of it. */
const counts = {};
function count(what, times = 1) {
  counts[what] = (counts[what] ?? 0) + times;
}

/** When the alarm of each state is due, by its name. */
const alarms = new Map();
/** Whether a client asked for anything. */
let served = false;

// A slow machine must not make the Worker do more. (Outside of a request there is no time yet.)
const clock = Date.now.bind(Date);
let started;
let minutes = 0;
Date.now = () => {
  started ??= clock();
  return started + minutes * 60_000;
};

/** R2's price list names operations as the S3 API does. */
const operations = {
  head: "HeadObject",
  get: "GetObject",
  put: "PutObject",
  delete: "DeleteObject",
  list: "ListObjects",
};

function countedBucket(bucket) {
  return new Proxy(bucket, {
    get(target, name) {
      const operation = operations[name];
      if (operation === undefined) {
        throw new Error(`R2's ${String(name)} is not counted yet; add it to operations`);
      }
      return (...args) => {
        count(operation);
        return target[name](...args);
      };
    },
  });
}

/** Each call of a method is a request to the object. */
function countedObjects(objects) {
  const getByName = (name) =>
    new Proxy(objects.getByName(name), {
      get:
        (stub, method) =>
        (...args) => {
          count(`object ${method}`);
          return stub[method](...args);
        },
    });
  return { getByName };
}

const counted = (env) => ({
  ...env,
  BUCKET: countedBucket(env.BUCKET),
  BACKUP: countedBucket(env.BACKUP),
  STATE: countedObjects(env.STATE),
  DIRECTORY: countedObjects(env.DIRECTORY),
});

/** What the Worker does not use is left out: were it used, it would fail instead of going by uncounted. */
function countStorage(ctx) {
  const { storage } = ctx;
  const name = ctx.id.name ?? "";
  const sql = {
    exec(query, ...bindings) {
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
    transactionSync: (change) => storage.transactionSync(change),
    getAlarm: async () => alarms.get(name) ?? null,
    // Billed as a row written.
    async setAlarm(time) {
      count("rows written");
      alarms.set(name, Number(time));
    },
  };
  Object.defineProperty(ctx, "storage", { value: counting });
}

export class Directory extends RealDirectory {
  constructor(ctx, env) {
    countStorage(ctx);
    super(ctx, counted(env));
  }
}

export class StateObject extends RealStateObject {
  constructor(ctx, env) {
    countStorage(ctx);
    super(ctx, counted(env));
  }

  /** The alarm itself cannot be called. */
  async wake() {
    count("object alarm");
    await this.alarm();
  }

  async databaseBytes() {
    return this.ctx.storage.sql.databaseSize;
  }
}

/** Everything that is due within a minute is done: alarms, and what the Worker tells its Directory after requests. */
async function minuteLater(env) {
  minutes++;
  for (const [name, due] of [...alarms]) if (due <= Date.now()) await wake(env, name);
  if (!served) return;
  const begun = [];
  const ctx = { waitUntil: (work) => begun.push(work) };
  await worker.fetch(new Request("http://localhost/health"), counted(env), ctx);
  await Promise.all(begun);
}

async function wake(env, name) {
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
  scheduled(event, env, ctx) {
    count("worker cron");
    return worker.scheduled(event, counted(env), ctx);
  },
};
