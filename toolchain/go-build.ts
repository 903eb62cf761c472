import { join } from "node:path";
import { PACKAGE_ROOT } from "../process/package-root";
import { runGroup, tail } from "../process/process-group";
import { findProgram, type ToolchainContext, ToolchainError, withHeartbeat } from "./context";
import type { GoTool } from "./versions";

/**
 * Builds a Go program from the versions and checksums that its go.mod and go.sum pin.
 * @throws ToolchainError without Go on PATH, or with the end of the output of `go build`
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
          ...(tool.modfile ? ["-modfile", tool.modfile] : []),
          ...(tool.tags ? ["-tags", tool.tags] : []),
          ...["-ldflags", tool.ldflags, "-o", output, tool.package],
        ],
        {
          cwd: join(PACKAGE_ROOT, tool.folder),
          // Static like the projects' own releases, so no C compiler is needed. A go.work above this folder is ignored.
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
