import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeFileAtomic } from "../process/write-file-atomic";

/** Keeps one value in a file that is whole at any moment, readable by its owner only. */
export class JsonFile<T> {
  /**
   * @param path without one, nothing outlives the process
   * @param anew what one begins with once the file is moved away, for the error
   */
  constructor(
    private readonly path: string | undefined,
    private readonly anew: string,
  ) {
    if (path) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  }

  /** @throws where the file is there and is no JSON */
  load(): T | undefined {
    if (!this.path) return undefined;
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
      throw new Error(`${this.path} is no JSON: move it away to begin with ${this.anew}`, { cause });
    }
  }

  save(value: T): void {
    if (this.path) writeFileAtomic(this.path, JSON.stringify(value));
  }
}
