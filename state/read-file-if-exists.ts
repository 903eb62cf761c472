import { readFileSync } from "node:fs";

/** The bytes of a file; undefined if the file does not exist. */
export function readFileIfExists(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
