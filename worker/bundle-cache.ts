import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { BuildOptions, BuildResult } from "esbuild";
import { PACKAGE_ROOT } from "../process/package-root";
import { writeFileAtomic } from "../process/write-file-atomic";

/** A bundle, and what it was made from. */
interface Kept {
  readonly text: string;
  /** Absolute paths of the files in it. */
  readonly inputs: readonly string[];
  /** Of what {@link fingerprint} reads. */
  readonly fingerprint: string;
}

/** How many builds share the process of esbuild. */
let building = 0;

/**
 * Bundles one module, or takes what an earlier run has made from the same files: esbuild takes half a second, and its sources rarely change.
 * @param folder of what is kept @default in node_modules; a folder that cannot be written to keeps nothing
 */
export async function bundleOnce(
  options: BuildOptions,
  folder = join(PACKAGE_ROOT, "node_modules/.cache/worker"),
): Promise<string> {
  const kept = join(folder, `${sha256(JSON.stringify(options))}.json`);
  const before = readKept(kept);
  if (before !== undefined) return before.text;

  const { build, stop } = require("esbuild") as typeof import("esbuild");
  const started = Date.now();
  building++;
  const result = await build({ ...options, write: false, metafile: true }).finally(() => {
    // Its process would run as long as this one. A build that goes on needs it.
    if (--building === 0) return stop();
  });
  const text = (result.outputFiles ?? []).map((file) => file.text).join("");
  keep(kept, text, inputsOf(result), started);
  return text;
}

const inputsOf = ({ metafile }: BuildResult): string[] =>
  Object.keys(metafile?.inputs ?? {}).map((path) => resolve(path));

/** @returns undefined where there is none, or where something of it has changed */
function readKept(file: string): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as Kept;
    return fingerprint(kept.inputs) === kept.fingerprint ? kept : undefined;
  } catch {
    return undefined;
  }
}

function keep(file: string, text: string, inputs: readonly string[], started: number): void {
  try {
    // Of a file that is being changed, nobody knows what the bundler has read.
    if (inputs.some((path) => statSync(path).mtimeMs >= started)) return;
    const kept: Kept = { text, inputs, fingerprint: fingerprint(inputs) };
    mkdirSync(dirname(file), { recursive: true });
    writeFileAtomic(file, JSON.stringify(kept));
  } catch {
    // The folder is not writable.
  }
}

/** Of all that decides what comes of a bundle: its files, the names beside them, the settings, and what is installed. */
function fingerprint(inputs: readonly string[]): string {
  const settings = ["tsconfig.json", "worker/tsconfig.json", "node_modules/.package-lock.json"];
  const files = [...inputs, ...settings.map((name) => join(PACKAGE_ROOT, name))];
  const own = inputs.filter((path) => !path.includes("/node_modules/"));
  const folders = [...new Set(own.map((path) => dirname(path)))];
  return sha256(
    JSON.stringify([
      files.map((path) => [path, sha256(readFileSync(path))]),
      folders.map((path) => [path, readdirSync(path)]),
    ]),
  );
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
