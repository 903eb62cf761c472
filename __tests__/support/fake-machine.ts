import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A fake machine: a home, a cache, and a PATH with a few base tools and the programs of a test. */
export interface FakeMachine {
  readonly root: string;
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Puts a shell script on PATH. */
  program(name: string, body: string): string;
  /** Writes a file below the root. */
  file(name: string, content: string): string;
  remove(): void;
}

export function fakeMachine(): FakeMachine {
  const root = mkdtempSync(join(tmpdir(), "fake-machine-"));
  const bin = join(root, "bin");
  const file = (name: string, content: string) => {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
  mkdirSync(bin);
  // The PATH has nothing else, because the host may have its own tofu or go.
  for (const tool of ["sh", "sleep", "cat", "chmod", "mkdir", "date"]) {
    const real = execFileSync("/bin/sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim();
    file(join("bin", tool), `#!/bin/sh\nexec ${real} "$@"\n`);
    chmodSync(join(bin, tool), 0o755);
  }
  return {
    root,
    cacheDir: join(root, "cache"),
    env: { HOME: join(root, "home"), PATH: bin, TMPDIR: root },
    program: (name, body) => {
      const path = file(join("bin", name), `#!/bin/sh\n${body}\n`);
      chmodSync(path, 0o755);
      return path;
    },
    file,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A shell script that answers `-version` as OpenTofu and Terraform do. */
export const versionScript = (product: string, version: string): string =>
  `echo "${product} v${version}"; echo "on linux_amd64"`;
