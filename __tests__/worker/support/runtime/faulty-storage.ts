import { befalls, count, planOf } from "./faults";

/**
 * Makes the SQLite of a Durable Object fail as a seed says: a statement before or after it ran, a transaction before it
 * began, at its end (which rolls it back) or after its commit; and counts the rows it reads and writes.
 */
export function makeFaulty(ctx: DurableObjectState): void {
  const { storage } = ctx;
  const plan = () => planOf(ctx.id.name ?? "");
  const run = <T>(operation: string, carryOut: () => T): T => {
    const fault = befalls(plan(), operation, plan()?.sqlRate ?? 0);
    if (fault === "crash before") ctx.abort("injected crash");
    if (fault === "error before" || fault === "crash before") throw new Error(`${operation}: injected`);
    const result = carryOut();
    if (fault === "crash after") ctx.abort("injected crash");
    if (fault === "error after" || fault === "crash after")
      throw new Error(`${operation}: injected, after it was done`);
    return result;
  };
  const exec: SqlStorage["exec"] = (query, ...bindings) => {
    const operation = /^\s*(\w+)/.exec(query)?.[1]?.toLowerCase() ?? "";
    return run(`sql ${operation}`, () => {
      const cursor = storage.sql.exec(query, ...bindings);
      count("rows written", cursor.rowsWritten);
      return cursor as never;
    });
  };
  const faulty: Partial<DurableObjectStorage> = {
    sql: { exec } as SqlStorage,
    transactionSync: (change) =>
      run("transaction", () => storage.transactionSync(() => run("commit", change))),
    getAlarm: async () => run("get alarm", () => storage.getAlarm()),
    setAlarm: async (time) => {
      count("alarms set");
      return run("set alarm", () => storage.setAlarm(time));
    },
  };
  Object.defineProperty(ctx, "storage", { value: faulty });
}
