import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { platform } from "../../../toolchain/context";
import { ETCD, KUBERNETES, TALOSCTL } from "../../../toolchain/versions";
import { type FakeMachine, versionScript } from "../../support/fake-machine";

/** A fake `go`: it writes a script instead of the program that it should build, and a line to the file `builds`. */
export function fakeGo(
  on: FakeMachine,
  options: {
    readonly seconds?: number;
    /** A file: no build ends before it is there. */
    readonly until?: string;
    readonly tofuVersion?: string;
  } = {},
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
${options.until ? `while [ ! -e ${options.until} ]; do sleep 0.1; done` : ""}
case $package in
  */tofu) echo '#!/bin/sh' > $out; echo '${versionScript("OpenTofu", options.tofuVersion ?? "1.12.6")}' >> $out ;;
  */talosctl) echo '#!/bin/sh' > $out; echo '${talosctlScript(TALOSCTL.version)}' >> $out ;;
  */kube-apiserver | */kubectl) echo '#!/bin/sh' > $out; echo 'echo "Kubernetes v${KUBERNETES.kubectl.version}"' >> $out ;;
  */etcd/server/v3) echo '#!/bin/sh' > $out; echo 'echo "etcd Version: ${ETCD.version}"' >> $out ;;
  *) echo '#!/bin/sh' > $out; echo 'echo "This binary is a plugin. These are not meant to be executed directly."; exit 1' >> $out ;;
esac
chmod 755 $out`,
  );
  return builds;
}

/** A shell script that answers `version --client --short` as talosctl does. */
export const talosctlScript = (version: string): string => `echo "Client:"; echo "	Talos v${version}"`;

export const buildsOf = (log: string): string[] => readFileSync(log, "utf8").trim().split("\n");

export interface WebServer {
  readonly url: string;
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** Serves these files by path on loopback. Every other path is a 404. */
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

/** A release archive with a fake `tofu`. */
export function releaseArchive(on: FakeMachine, version = "1.12.6") {
  const folder = mkdtempSync(join(on.root, "release-"));
  writeFileSync(join(folder, "tofu"), `#!/bin/sh\n${versionScript("OpenTofu", version)}\n`, { mode: 0o755 });
  const archive = execFileSync("tar", ["-czf", "-", "-C", folder, "tofu"]);
  return {
    path: `/v1.12.6/tofu_1.12.6_${platform()}.tar.gz`,
    archive,
    sha256: { [platform()]: createHash("sha256").update(archive).digest("hex") },
  };
}

/** An address on which nothing listens. `fetch` refuses some ports; this is not one of them. */
export const NOWHERE = "http://127.0.0.1:3";
