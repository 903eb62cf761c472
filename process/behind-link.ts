import { readlinkSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The file behind a symbolic link, also where it does not exist yet; the path itself where it is none. */
export function behindLink(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const target = linkTarget(path);
  return target === undefined ? path : behindLink(resolve(dirname(path), target));
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EINVAL") return undefined;
    throw error;
  }
}
