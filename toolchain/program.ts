import { existsSync } from "node:fs";
import { join } from "node:path";
import { runGroup, tail } from "../process/process-group";
import { findProgram, isAtLeast, platform, type ToolchainContext, ToolchainError } from "./context";
import { cannotHave, downloadOrBuild } from "./download-or-build";
import { makeOnce } from "./make-once";
import type { Release } from "./release";
import { GO_MINIMUM, type GoTool } from "./versions";

/** A program that the toolchain finds, downloads or builds, and how to tell its version. */
export interface ProgramPin {
  /** Its name on PATH. */
  readonly name: string;
  /** The variable in which the user may name another one. */
  readonly variable: string;
  readonly version: string;
  readonly minimum: string;
  /** The arguments that make it say its version. */
  readonly versionArgs: readonly string[];
  /** Finds the version in what it says. */
  readonly versionPattern: RegExp;
  /** Where it is described how to install it. */
  readonly site: string;
  /** The server of its releases. @default - there is no release whose checksum could be known */
  readonly releases?: (context: ToolchainContext) => string;
  /** The official release for this platform. @default - there is no release whose checksum could be known */
  readonly release?: (context: ToolchainContext) => Promise<Release>;
  readonly build: GoTool;
  readonly buildTime: string;
}

/** A program of the toolchain. */
export interface Program {
  /** Absolute path. */
  readonly path: string;
  readonly version: string;
  /** The variable that names it, `PATH` or `cache`. */
  readonly origin: string;
}

/**
 * Looks for a program in its variable, on PATH and in the cache, in this order.
 * @returns undefined if there is none
 * @throws ToolchainError if the variable does not name a program that is recent enough
 */
export async function lookForProgram(
  context: ToolchainContext,
  pin: ProgramPin,
): Promise<Program | undefined> {
  const named = context.env[pin.variable];
  if (named) return namedByUser(context, pin, named);
  const onPath = await usableOnPath(context, pin);
  if (onPath !== undefined) return onPath;
  return existsSync(cachedPath(context, pin)) ? cached(context, pin) : undefined;
}

/**
 * Looks for a program. If there is none, downloads the official release into the cache or, where that cannot be reached,
 * builds it from its Go module.
 * @throws ToolchainError if none of this is possible, or the release is not what its checksums say
 */
export async function resolveProgram(context: ToolchainContext, pin: ProgramPin): Promise<Program> {
  const found = await lookForProgram(context, pin);
  if (found !== undefined) return found;
  await makeOnce(context, cachedPath(context, pin), titleOf(pin), (partial) => make(context, pin, partial));
  return cached(context, pin);
}

const cachedPath = (context: ToolchainContext, { name, version }: ProgramPin): string =>
  join(context.cacheDir, name, version, platform(), name);

const cached = (context: ToolchainContext, pin: ProgramPin): Program => ({
  path: cachedPath(context, pin),
  version: pin.version,
  origin: "cache",
});

const titleOf = ({ name, version }: ProgramPin): string => `${name} ${version}`;

async function namedByUser(context: ToolchainContext, pin: ProgramPin, named: string): Promise<Program> {
  const { variable, name, minimum } = pin;
  const path = await findProgram(named, context.env);
  if (path === undefined) {
    throw new ToolchainError(
      `${variable} is "${named}", which is not a program on PATH; correct it or unset it`,
    );
  }
  const version = await versionOf(context, pin, path);
  if (!isAtLeast(version, minimum)) {
    throw new ToolchainError(
      `${variable} is "${named}", which is ${name} ${version}; >= ${minimum} is needed: upgrade it, or unset it`,
    );
  }
  return { path, version, origin: variable };
}

/** Reports and skips one that is too old, another program of that name, and a shim that has no version to run. */
async function usableOnPath(context: ToolchainContext, pin: ProgramPin): Promise<Program | undefined> {
  const { name, minimum } = pin;
  const path = await findProgram(name, context.env);
  if (path === undefined) return undefined;
  try {
    const version = await versionOf(context, pin, path);
    if (isAtLeast(version, minimum)) return { path, version, origin: "PATH" };
    context.report(`${path} is ${name} ${version}, not ${name} >= ${minimum}: not used`);
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    context.report(`${error.message}: not used`);
  }
  return undefined;
}

/** Writes a verified program to `output`. */
async function make(context: ToolchainContext, pin: ProgramPin, output: string): Promise<void> {
  const { name, variable, version, minimum, release, releases, build, buildTime, site } = pin;
  const title = titleOf(pin);
  const verify = async (path: string) => {
    const actual = await versionOf(context, pin, path);
    if (actual !== version) throw new ToolchainError(`${title} was expected, but it says ${actual}`);
  };
  const failures = await downloadOrBuild(
    context,
    { title, release: release && (() => release(context)), build, buildTime, verify },
    output,
  );
  if (failures === undefined) return;
  throw new ToolchainError(
    cannotHave(
      `no ${name} >= ${minimum} was found, and none can be downloaded or built:`,
      [`${variable} is not set, and no usable ${name} is on PATH`, ...failures],
      [
        `install ${name} (${site}), or set ${variable} to one`,
        ...(releases ? [`make ${releases(context)} reachable, for example by HTTPS_PROXY`] : []),
        `install Go >= ${GO_MINIMUM}, with a Go module proxy that can be reached (GOPROXY)`,
      ],
    ),
  );
}

/** @throws ToolchainError if it is another program */
async function versionOf(context: ToolchainContext, pin: ProgramPin, path: string): Promise<string> {
  const { output } = await runGroup(path, pin.versionArgs, { env: context.env, signal: context.signal });
  const [, version] = pin.versionPattern.exec(output) ?? [];
  if (version !== undefined) return version;
  const asked = pin.versionArgs.filter((each) => each !== "--short").join(" ");
  throw new ToolchainError(`${path} ${asked} names no version of ${pin.name}, but says:\n${tail(output, 5)}`);
}
