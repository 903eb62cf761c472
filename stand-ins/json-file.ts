import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeFileAtomic } from "../process/write-file-atomic";

/** Keeps one value in a file. The file is complete at any moment, and only its owner can read it. */
export class JsonFile<T> {
  /**
   * @param path nothing is saved if it is undefined
   * @param fresh what the stand-in starts with if there is no file, for the error
   */
  constructor(
    private readonly path: string | undefined,
    private readonly fresh: string,
  ) {
    if (path) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  }

  /** @returns undefined where there is no file @throws where the file is not JSON */
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
      throw new Error(`${this.path} is not JSON: move it away to start with ${this.fresh}`, { cause });
    }
  }

  save(value: T): void {
    if (this.path) writeFileAtomic(this.path, JSON.stringify(value));
  }
}
