import { minorOf } from "../domain/talos-versions";
import type { WorkerEntry } from "./next-worker";

/** How far the cluster has come, which the next run needs to know. */
export interface Life {
  /** The release of Talos that the nodes run. */
  readonly talosVersion: string;
  /** The worker that was added, or is being added. */
  readonly worker?: WorkerEntry;
  /** The release that the nodes are being brought to. */
  readonly upgradeTo?: string;
  /** That the worker is being removed. */
  readonly isLeaving?: boolean;
}

/** What is left to do, in order. */
export type Chapter = "health" | "add" | "upgrade" | "remove";

/** An interrupted run is continued at the chapter that it was in. */
export function chaptersLeft({ worker, upgradeTo, isLeaving }: Life): readonly Chapter[] {
  if (isLeaving) return ["remove"];
  if (upgradeTo !== undefined) return ["upgrade", "remove"];
  return worker === undefined ? ["health", "add", "upgrade", "remove"] : ["health", "upgrade", "remove"];
}

/** The release to upgrade to: the one in the user's file if that is newer, else the next patch. */
export function nextRelease(running: string, wanted: string): string {
  if (wanted.localeCompare(running, "en", { numeric: true }) > 0) return wanted;
  const [, minor = "", patch = ""] = /^(v\d+\.\d+\.)(\d+)/.exec(running) ?? [];
  if (Number.isNaN(minorOf(running)) || patch === "") throw new Error(`${running} is no release of Talos`);
  return `${minor}${Number(patch) + 1}`;
}
