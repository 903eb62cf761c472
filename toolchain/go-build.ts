import { join } from "node:path";
import { runGroup, tail } from "../process/process-group";
import { findProgram, type ToolchainContext, ToolchainError, withHeartbeat } from "./context";
import type { GoTool } from "./versions";

/** Where the go.mod and go.sum of the tools are. */
const MODULES = join(__dirname, "go");

/**
 * Builds a Go program, with everything in it at the version and checksum that its go.mod and go.sum pin.
 * @throws ToolchainError without Go, or with the end of what `go build` said.
 */
export async function buildGoTool(
  context: ToolchainContext,
  tool: GoTool,
  title: string,
  output: string,
): Promise<void> {
  const go = await findProgram("go", context.env);
  if (go === undefined) throw new ToolchainError("go is not on PATH");

  let downloaded = 0;
  let compiled = 0;
  const onLine = (line: string) => {
    if (line.startsWith("go: downloading ")) downloaded++;
    else if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) compiled++;
  };
  const { exitCode, output: said } = await withHeartbeat(
    context,
    (elapsed) => `${title}: ${elapsed}, ${downloaded} modules fetched, ${compiled} packages compiled`,
    () =>
      runGroup(
        go,
        [
          ...["build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false"],
          ...["-ldflags", tool.ldflags, "-o", output, tool.package],
        ],
        {
          cwd: join(MODULES, tool.module),
          // As the projects' own releases: static, so no C compiler is needed; a go.work around us does not count.
          env: { ...context.env, CGO_ENABLED: "0", GOWORK: "off" },
          signal: context.signal,
          graceMs: 3_000,
          onLine,
        },
      ),
  );
  if (exitCode !== 0) {
    throw new ToolchainError(`${go} build ${tool.package} failed:\n${tail(said)}`);
  }
}
