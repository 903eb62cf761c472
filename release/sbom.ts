import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What is installed with the package, in the versions of the lock file: a CycloneDX document by `npm sbom`. That leaves out what is needed
 * for development as well, and would list the packages of the stand-ins, so it reads a copy that has neither.
 */
export function makeSbom(root: string): string {
  const { devDependencies, workspaces, scripts, ...published } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as { name: string; devDependencies: object; workspaces: object; scripts: object };
  const temporary = mkdtempSync(join(tmpdir(), "sbom-"));
  // npm names the document after the folder.
  const copy = join(temporary, published.name);
  const npm = (...args: readonly string[]) =>
    execFileSync("npm", [...args, "--package-lock-only"], { cwd: copy, encoding: "utf8", stdio: "pipe" });
  try {
    mkdirSync(copy);
    writeFileSync(join(copy, "package.json"), JSON.stringify(published));
    copyFileSync(join(root, "package-lock.json"), join(copy, "package-lock.json"));
    npm("install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund");
    return npm("sbom", "--sbom-format", "cyclonedx", "--sbom-type", "library");
  } finally {
    rmSync(temporary, { recursive: true });
  }
}
