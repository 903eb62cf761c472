import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../process/package-root";

/** What goes into a Go build: its sources without tests, its pins, and the files that it embeds. */
const BUILD_INPUT = /((?<!_test)\.go|\.mod|\.sum|\.json|\.yaml)$/;

/**
 * A hash of everything in these folders that a Go program is built from, so that no checkout runs the program of
 * another one.
 * @param folders relative to the root of the project
 */
export function sourceHash(folders: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const names = readdirSync(join(PACKAGE_ROOT, folder), { recursive: true, encoding: "utf8" });
    for (const name of names.filter((each) => BUILD_INPUT.test(each)).sort()) {
      const file = join(folder, name);
      hash.update(`${file}\n`).update(readFileSync(join(PACKAGE_ROOT, file)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}
