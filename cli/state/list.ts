import type { Command } from "commander";
import type { LockInfo } from "../../domain/lock-info";
import { table } from "../../process/table";
import { waiting } from "../../process/waiting";
import { describeHolder } from "../../state/describe";
import { isFrozen } from "../../state/locks";
import { loadProject } from "../../state/project";
import { findStores, type StateSelection } from "../../state/stack-store";
import { type StateSummary, summarize } from "../../state/summarize";
import { atOption, stackOption } from "./options";

export function addListCommand(program: Command): void {
  program
    .command("list")
    .description("list the existing states with their serials, and who holds their locks")
    .addOption(stackOption())
    .addOption(atOption())
    .action(list);
}

async function list(selection: StateSelection): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  const summaries = await waiting("reading the states", async () =>
    Promise.all((await findStores(project, selection)).map(summarize)),
  );
  if (summaries.length === 0) console.log(`no state exists in ${selection.at ?? project.config.backend}`);
  else console.log(table(["stack", "place", "serial", "lineage", "kept as", "lock"], summaries.map(row)));
}

function row({ stack, address, state, holder }: StateSummary): readonly string[] {
  return [stack, address, ...content(state), holder ? describeLock(holder) : "free"];
}

function content(state: StateSummary["state"]): readonly [serial: string, lineage: string, keptAs: string] {
  if (state === "none") return ["-", "-", "no state"];
  if (state === "damaged") return ["?", "?", "DAMAGED"];
  return [String(state.serial), state.lineage, state.encrypted ? "encrypted" : "plain text"];
}

function describeLock(holder: LockInfo): string {
  return isFrozen(holder) ? `frozen: ${holder.Info}` : `${describeHolder(holder)}, lock ${holder.ID}`;
}
