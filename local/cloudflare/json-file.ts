import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Keeps one value in a file that is whole at any moment, readable by its owner only. */
export class JsonFile<T> {
  constructor(private readonly path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  }

  /** @throws where the file is there and is no JSON */
  load(): T | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new Error(`${this.path} is no JSON: move it away to begin with nothing`, { cause });
    }
  }

  /** A crash leaves the old or the new file, never half of one. */
  save(value: T): void {
    const next = `${this.path}.next`;
    const descriptor = openSync(next, "w", 0o600);
    try {
      writeSync(descriptor, JSON.stringify(value));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(next, this.path);
  }
}
