import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runGroup } from "../../../process/process-group";
import { ROOT } from "../../support/running-program";

/** The pages of `docs/` whose commands a test of this folder runs as they are written. */
export const FOLLOWED = [
  "getting-started.md",
  "migrations/cdktf-to-cdktn.md",
  "migrations/hcl-on-r2.md",
  "migrations/hcl-on-worker.md",
  "migrations/hcl-with-local-state.md",
  "migrations/terraform-to-opentofu.md",
  "migrations/vms-without-state.md",
] as const;

export type Guide = (typeof FOLLOWED)[number];

/** A fenced block of code. */
export interface Block {
  /** What stands behind the fence: the language, and a mark such as `hardware`. */
  readonly info: string;
  readonly text: string;
  /** The line of its fence, from 1. */
  readonly line: number;
}

/** The fenced blocks of a page, those in list items included. @param page relative to the root of the project */
export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { indent: number; fence: string; info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of readFileSync(join(ROOT, page), "utf8").split("\n").entries()) {
    const [, before = "", fence, info = ""] = /^(\s*(?:\d+\. |- )?)(`{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== undefined)
        open = { indent: before.length, fence, info: info.trim(), line: index + 1, lines: [] };
    } else if (fence === open.fence && info === "") {
      blocks.push({ info: open.info, text: open.lines.join("\n"), line: open.line });
      open = undefined;
    } else open.lines.push(line.slice(open.indent));
  }
  if (open) throw new Error(`${page}:${open.line}: the block has no end`);
  return blocks;
}

/** The commands of a guide: its blocks of `sh` without a mark, in their order, as they are written. */
export const commandsOf = (guide: Guide): readonly string[] =>
  blocksOf(`docs/${guide}`)
    .filter(({ info }) => info === "sh")
    .map(({ text }) => text);

/** Runs the commands of a guide in one shell, which stops at the first that fails. @returns what they said */
export async function follow(guide: Guide, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const script = ["set -euo pipefail", ...commandsOf(guide)].join("\n");
  const { exitCode, output } = await runGroup("bash", ["-c", script], { cwd, env });
  if (exitCode !== 0) throw new Error(`docs/${guide} stops with ${exitCode}:\n${output}`);
  return output;
}
