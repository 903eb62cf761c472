import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { platform } from "../../toolchain/context";

/** A machine of its own: a home, a cache and a PATH with the base tools and what a test puts there. */
export interface Machine {
  readonly root: string;
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Puts a shell script on PATH. */
  program(name: string, body: string): string;
  /** Writes a file below the root. */
  file(name: string, content: string): string;
  remove(): void;
}

export function machine(): Machine {
  const root = mkdtempSync(join(tmpdir(), "toolchain-test-"));
  const bin = join(root, "bin");
  const file = (name: string, content: string) => {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
  mkdirSync(bin);
  // Nothing but these: the host may have a tofu or a go of its own.
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

export const says = (product: string, version: string): string =>
  `echo "${product} v${version}"; echo "on linux_amd64"`;

/** A `go` that writes a script for what it is asked to build, and notes in `builds` that it was called. */
export function fakeGo(
  on: Machine,
  options: { readonly seconds?: number; readonly tofuVersion?: string } = {},
): string {
  const builds = join(on.root, "builds");
  on.program(
    "go",
    `
while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then out=$2; fi
  package=$1; shift
done
echo "$package $$" >> ${builds}
echo "go: downloading $package v1" >&2
echo internal/goarch >&2
sleep ${options.seconds ?? 0} & wait
case $package in
  */tofu) echo '#!/bin/sh' > $out; echo '${says("OpenTofu", options.tofuVersion ?? "1.12.6")}' >> $out ;;
  *) echo '#!/bin/sh' > $out; echo 'echo "This binary is a plugin. These are not meant to be executed directly."; exit 1' >> $out ;;
esac
chmod 755 $out`,
  );
  return builds;
}

export const buildsOf = (log: string): string[] => readFileSync(log, "utf8").trim().split("\n");

export interface WebServer {
  readonly url: string;
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** Serves files by path on the loopback; everything else is a 404. */
export async function webServer(files: Readonly<Record<string, Buffer | string>>): Promise<WebServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    const body = files[request.url ?? ""];
    response.writeHead(body === undefined ? 404 : 200, { connection: "close" }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

/** A release archive with a `tofu` that says its version. */
export function releaseArchive(on: Machine, version = "1.12.6") {
  const folder = mkdtempSync(join(on.root, "release-"));
  writeFileSync(join(folder, "tofu"), `#!/bin/sh\n${says("OpenTofu", version)}\n`, { mode: 0o755 });
  const archive = execFileSync("tar", ["-czf", "-", "-C", folder, "tofu"]);
  return {
    path: `/v1.12.6/tofu_1.12.6_${platform()}.tar.gz`,
    archive,
    sha256: { [platform()]: createHash("sha256").update(archive).digest("hex") },
  };
}

/** Nothing listens there; fetch has a list of ports that it refuses, and this is not on it. */
export const NOWHERE = "http://127.0.0.1:3";
