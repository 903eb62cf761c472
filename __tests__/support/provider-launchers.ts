import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/*
 * At each command OpenTofu reads the packages of all providers, 30 MB each, to compare their hashes with the lock file: a third of what
 * a command takes here. That check is OpenTofu's own. So in tests each package is a script that becomes the provider.
 */

let folder: string | undefined;

/**
 * @param config a CLI configuration whose providers come from mirrors in folders
 * @returns one with the same providers, from mirrors of launchers
 */
export function withLaunchers(config: string): string {
  folder ??= mkdtempSync(join(tmpdir(), "provider-launchers-"));
  const text = readFileSync(config, "utf8").replaceAll(
    /(filesystem_mirror \{\s*path\s*= )("[^"]+")/g,
    (_, before: string, mirror: string) => `${before}${JSON.stringify(mirrorLaunchers(JSON.parse(mirror)))}`,
  );
  const copy = join(folder, basename(config));
  writeFileSync(copy, text, { mode: 0o600 });
  return copy;
}

export function removeLaunchers(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

function mirrorLaunchers(mirror: string): string {
  const launchers = mkdtempSync(join(folder ?? tmpdir(), "mirror-"));
  const files = readdirSync(mirror, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((each) => basename(each).startsWith("terraform-provider-"))) {
    const launcher = join(launchers, file);
    mkdirSync(dirname(launcher), { recursive: true });
    writeFileSync(launcher, `#!/bin/sh\nexec '${join(mirror, file)}' "$@"\n`, { mode: 0o755 });
  }
  return launchers;
}
