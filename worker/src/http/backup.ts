import type { Env } from "../env";
import { Refusal } from "../problem";
import type { BackupResult } from "../state/backup";
import type { Caller } from "../state/locks";
import { directoryOf, stateOf, unwrap } from "./context";

/** States per run: each is a subrequest, of which the free plan allows 50. */
const page = 20;

/** Copies the next page of states to the backup bucket, and starts over after the last. */
export async function backUpAll(env: Env): Promise<BackupResult[]> {
  const directory = directoryOf(env);
  const refs = await directory.states(null, await directory.cursor("backup"), page);
  const results: BackupResult[] = [];
  for (const ref of refs) {
    const result = await stateOf(env, ref).backUp(ref);
    if (result.ok) results.push(result.value);
    else
      console.error(
        JSON.stringify({ level: "error", event: "backup_failed", ...ref, code: result.problem.code }),
      );
  }
  await directory.setCursor("backup", refs.length < page ? null : (refs.at(-1) ?? null));
  return results;
}

/** Brings a page of a namespace's states back from the backup bucket. */
export async function restoreAll(env: Env, namespace: string, caller: Caller, after: string) {
  if (!env.BACKUP) {
    throw new Refusal({
      status: 409,
      code: "backup_not_configured",
      message: "no backup bucket is bound to this Worker",
      fix: "bind a second R2 bucket as BACKUP",
    });
  }
  const prefix = `${namespace}/`;
  const startAfter = after === "" ? undefined : `${prefix}${after}.tfstate`;
  const { objects, truncated } = await env.BACKUP.list({ prefix, limit: page, startAfter });
  const restored: string[] = [];
  for (const { key } of objects) {
    const name = key.slice(prefix.length).replace(/\.tfstate$/, "");
    const ref = { namespace, name };
    unwrap(await stateOf(env, ref).restoreBackup(ref, caller));
    restored.push(name);
  }
  return { restored, next: truncated ? (restored.at(-1) ?? null) : null };
}
