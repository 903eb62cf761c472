// Runs before `npm start` and `npm test`, with the host's Node and without any dependency. Installs the pinned
// dependencies if they are missing or differ from package-lock.json, and does nothing otherwise.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The packages in a lock file. npm writes one to node_modules with what it has installed. */
function packagesOf(lockFile) {
  try {
    const { packages } = JSON.parse(readFileSync(join(root, lockFile), "utf8"));
    return new Map(Object.entries(packages).filter(([path]) => path !== ""));
  } catch {
    return new Map();
  }
}

function isInstalled() {
  const installed = packagesOf("node_modules/.package-lock.json");
  for (const [path, locked] of packagesOf("package-lock.json")) {
    const found = installed.get(path);
    if (found === undefined && locked.optional) continue; // for another platform
    if (found?.version !== locked.version || found?.integrity !== locked.integrity) return false;
  }
  return pinnedNode() !== undefined;
}

/** The version of the pinned Node; undefined if its binary is missing or does not run on this machine. */
function pinnedNode() {
  const { status, stdout } = spawnSync(join(root, "node_modules/.bin/node"), ["--version"], {
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** The environment without node_modules on PATH: npm replaces the Node that is in there. */
function hostEnvironment() {
  const PATH = process.env.PATH.split(delimiter).filter(
    (folder) => !folder.endsWith(join("node_modules", ".bin")),
  );
  return { ...process.env, PATH: PATH.join(delimiter) };
}

function install() {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  console.error("installing the pinned dependencies with npm ci, about a minute …");
  const npm = spawn("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"], {
    cwd: root,
    env: hostEnvironment(),
    stdio: ["ignore", "inherit", "inherit"],
  });
  // npm shows its progress only on a terminal.
  const alive = setInterval(() => process.stderr.isTTY || console.error(`  npm ci: ${seconds()}s`), 10_000);
  npm.once("error", (error) => fail(`npm cannot be started: ${error.message}`));
  npm.once("exit", (code, signal) => {
    clearInterval(alive);
    if (code !== 0) fail(`npm ci failed (${signal ?? `exit code ${code}`}); its own message is above`);
    if (pinnedNode() === undefined) {
      fail(
        "npm ci did not install the pinned Node: install scripts are disabled; run `npm ci --ignore-scripts=false`",
      );
    }
    console.error(`dependencies installed in ${seconds()}s`);
  });
  // A terminal sends Ctrl-C to npm as well; a signal to this process alone is passed on. The `exit` above ends it.
  process.on("SIGINT", () => process.stdin.isTTY || npm.kill("SIGINT"));
  process.on("SIGTERM", () => npm.kill("SIGTERM"));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

if (!isInstalled()) install();
