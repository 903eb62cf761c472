import type { z } from "zod";
import { historyPrefix, stateKey, stateOfKey } from "../../../domain/state-objects";
import { copiesPerRun } from "../copies-per-run";
import type { Env } from "../env";
import { answerOf } from "../errors/catalogue";
import { errorOf, Refusal, unwrap } from "../errors/refusal";
import type { BackupResult } from "../state/backup";
import type { Caller } from "../state/caller";
import { type AppContext, directoryOf, stateOf } from "./context";
import { stateName } from "./route";
import type { RestoreResult } from "./schemas";

/** The result for one state. Where it is `failed`, the log says why. */
export type BackupOutcome =
  | BackupResult
  | { readonly key: string; readonly version: null; readonly result: "failed" };

/**
 * Copies the next page of states to the backup bucket, and starts over after the last.
 * @param namespace null stands for all
 */
export async function backUpAll(env: Env, namespace: string | null): Promise<BackupOutcome[]> {
  const directory = directoryOf(env);
  const cursor = namespace === null ? "backup" : `backup/${namespace}`;
  const after = /^([^/]*)\/(.*)$/s.exec((await directory.cursor(cursor)) ?? "");
  const from = after && { namespace: after[1] ?? "", name: after[2] ?? "" };
  const refs = await directory.states(namespace, ["*"], from, copiesPerRun);
  const results: BackupOutcome[] = [];
  for (const ref of refs) {
    try {
      results.push(unwrap(await stateOf(env, ref).backUp(ref)));
    } catch (error) {
      // One state that cannot be copied must not keep the others from it.
      const code = error instanceof Refusal ? error.error.code : String(error);
      console.error(JSON.stringify({ level: "error", event: "backup_failed", ...ref, code }));
      results.push({ key: stateKey(ref), version: null, result: "failed" });
    }
  }
  const last = refs.length < copiesPerRun ? undefined : refs.at(-1);
  await directory.setCursor(cursor, last ? `${last.namespace}/${last.name}` : null);
  return results;
}

/**
 * Notes the states that tfstate-worker or an S3 client left in the bucket and nobody asked this Worker for yet; a page
 * of objects at a time.
 */
export async function discover(env: Env): Promise<void> {
  const directory = directoryOf(env);
  const startAfter = await directory.cursor("discover");
  const { objects, truncated } = await env.BUCKET.list(startAfter === null ? {} : { startAfter });
  const found = objects.flatMap(({ key }) => stateOfKey(key) ?? []);
  if (found.length > 0) await directory.addStates(found);
  const last = truncated ? objects.at(-1)?.key : undefined;
  // The history may be long, and holds no state that is not known.
  await directory.setCursor("discover", last?.startsWith(historyPrefix) ? afterHistory : (last ?? null));
}

/** Sorts after every key of the history, and before all that follow them. */
const afterHistory = historyPrefix.replace(/\/$/, "0");

/** The states that the request names in `force`. */
export const forcedStates = (context: AppContext): readonly string[] => context.req.queries("force") ?? [];

/** What a restore takes beside the namespace. */
export interface RestoreOptions {
  readonly caller: Caller;
  /** The last name of the page before; empty for the first page. */
  readonly after: string;
  /** States whose copy is made current even where they need none. */
  readonly forced: readonly string[];
}

/** Brings a page of a namespace's states back from the backup bucket: those that are missing or damaged. */
export async function restoreAll(env: Env, namespace: string, { caller, after, forced }: RestoreOptions) {
  if (!env.BACKUP) throw new Refusal({ code: "backup_not_configured" });
  const prefix = `${namespace}/`;
  const startAfter = after === "" ? undefined : stateKey({ namespace, name: after });
  const { objects, truncated } = await env.BACKUP.list({ prefix, limit: copiesPerRun, startAfter });
  const names = objects.map(({ key }) => stateOfKey(key)?.name ?? key.slice(prefix.length));
  const results: z.infer<typeof RestoreResult> = { restored: [], kept: [], failed: [], next: null };
  for (const name of names) {
    try {
      const ref = { namespace, name: stateName(name) };
      const restored = unwrap(await stateOf(env, ref).restoreBackup(ref, caller, forced.includes(name)));
      if (restored.isNew) results.restored.push(name);
      else
        results.kept.push({ state: name, reason: "same", message: "the state has the content of the copy" });
    } catch (error) {
      const known = errorOf(error);
      const { message } = answerOf(known);
      if (known.code === "copy_not_needed") results.kept.push({ state: name, reason: known.reason, message });
      // After a disaster the others count: this one is named, and can be tried again.
      else results.failed.push({ state: name, error: known.code, message });
    }
  }
  return { ...results, next: truncated ? (names.at(-1) ?? null) : null };
}
