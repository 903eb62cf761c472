import type { ToolchainContext } from "./context";
import { ToolchainError } from "./context";
import { buildGoTool } from "./go-build";
import { type Release, Unreachable, unpackRelease } from "./release";
import type { GoTool } from "./versions";

/** A program that the project does not bring along, and where it comes from. */
export interface ProgramSource {
  /** `OpenTofu 1.12.6` */
  readonly title: string;
  /**
   * The official release for this platform. @throws Unreachable if it cannot be known or there is none
   * @default - it is always built
   */
  readonly release?: () => Release | Promise<Release>;
  /** Its Go module, for where the release cannot be reached. */
  readonly build: GoTool;
  /** How long the build takes: `5 to 15 minutes`. */
  readonly buildTime: string;
  /** @throws ToolchainError if the program is not the expected one */
  readonly verify: (path: string) => Promise<void>;
}

/**
 * Writes a verified program to `output`: the official release or, where that cannot be reached, a build of its Go module.
 * @returns why neither was possible, or undefined
 * @throws ToolchainError if the release is not the expected one
 */
export async function downloadOrBuild(
  context: ToolchainContext,
  { title, release, build, buildTime, verify }: ProgramSource,
  output: string,
): Promise<readonly string[] | undefined> {
  const failures: string[] = [];
  try {
    if (release === undefined) throw new Unreachable(`${title}: no checksum of a release is published`);
    const archive = await release();
    context.report(`${title}: official release: downloading it`);
    await unpackRelease(context, archive, `${title}: official release`, output);
    await verify(output);
    return undefined;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    context.report(error.message);
    failures.push(error.message);
  }

  context.report(`${title}: building it from its Go module, ${buildTime}, once on this machine`);
  try {
    await buildGoTool(context, build, `${title}: building`, output);
    await verify(output);
    return undefined;
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    return [...failures, error.message];
  }
}

/** The message about a program that can neither be found nor made. */
export const cannotHave = (
  headline: string,
  failures: readonly string[],
  remedies: readonly string[],
): string =>
  [
    headline,
    ...failures.map((reason) => `  - ${reason.replaceAll("\n", "\n    ")}`),
    "do one of these:",
    ...remedies.map((remedy, index) => `  ${index + 1}. ${remedy}`),
  ].join("\n");
