import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const files = new Set<string>();

function removeAll(): void {
  for (const file of files) rmSync(file, { force: true });
}

/**
 * Makes room for a file that another program writes and that must not stay: an empty one that only this user can read, which
 * keeps its mode when it is written. It is removed when this process ends. What takes time meanwhile runs in `withAbortOnSignal`,
 * since a signal that ends a process at once leaves no time to remove anything.
 */
export function makeTransientFile(file: string): void {
  if (files.size === 0) process.once("exit", removeAll);
  files.add(file);
  rmSync(file, { force: true });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "", { mode: 0o600 });
}
