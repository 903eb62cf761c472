import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { MachinesState } from "./model";

/** Keeps the nodes in a file that is whole at any moment; without a folder, only in memory. */
export class Store {
  private readonly file: string | undefined;

  constructor(folder: string | undefined) {
    if (folder) mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.file = folder && join(folder, "nodes.json");
  }

  /** @throws where the file is there and is no JSON */
  load(): MachinesState | undefined {
    if (!this.file) return undefined;
    let text: string;
    try {
      text = readFileSync(this.file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    try {
      return JSON.parse(text) as MachinesState;
    } catch (cause) {
      throw new Error(`${this.file} is no JSON: move it away to begin with new nodes`, { cause });
    }
  }

  /** A crash leaves the old or the new file, never half of one. It holds the keys of the clusters. */
  save(state: MachinesState): void {
    if (!this.file) return;
    const next = `${this.file}.next`;
    const descriptor = openSync(next, "w", 0o600);
    try {
      writeSync(descriptor, JSON.stringify(state));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(next, this.file);
  }
}
