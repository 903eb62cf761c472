import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of this program: of the repository, or of the package, whose compiled files are one folder deeper. */
export const PACKAGE_ROOT = folderWithManifest(__dirname);

function folderWithManifest(folder: string): string {
  const above = dirname(folder);
  // Of a bundle in a folder of its own, no file of the package is needed.
  return above === folder || existsSync(join(folder, "package.json")) ? folder : folderWithManifest(above);
}
