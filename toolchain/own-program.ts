import { join } from "node:path";
import type { ToolchainContext } from "./context";
import { buildGoTool } from "./go-build";
import { makeOnce } from "./make-once";
import { sourceHash } from "./source-hash";
import type { GoTool } from "./versions";

/** A Go program of this project. */
export interface OwnProgram {
  readonly name: string;
  readonly build: GoTool;
  /** The folders that it is built from, relative to the root of the project. */
  readonly sources: readonly string[];
}

/** Where the program is, once it is built. */
export const ownProgramPath = (context: ToolchainContext, { name, sources }: OwnProgram): string =>
  join(context.cacheDir, "stand-ins", sourceHash(sources), name);

/**
 * Builds a Go program of this project, once for each version of its sources.
 * @returns its absolute path, in the cache
 * @throws ToolchainError if it cannot be built
 */
export async function makeOwnProgram(context: ToolchainContext, program: OwnProgram): Promise<string> {
  const { name, build } = program;
  const target = ownProgramPath(context, program);
  await makeOnce(context, target, name, async (output) => {
    context.report(`${name}: building it, 1 to 2 minutes, once on this machine`);
    await buildGoTool(context, build, `${name}: building`, output);
  });
  return target;
}
