import type { Command } from "commander";
import { table } from "../../process/table";
import { waiting } from "../../process/waiting";
import { loadProject } from "../../state/project";
import { requireStores, type StateSelection } from "../../state/stack-store";
import type { Version } from "../../state/store";
import { atOption, stackOption } from "./options";

export function addVersionsCommand(program: Command): void {
  program
    .command("versions")
    .description("list the older versions that can be restored, newest first")
    .addOption(stackOption())
    .addOption(atOption())
    .action(versions);
}

async function versions(selection: StateSelection): Promise<void> {
  const project = loadProject(process.env, process.cwd());
  for (const { stack, store } of await waiting("looking for states", () =>
    requireStores(project, selection),
  )) {
    const rows = (await waiting(`reading the versions in ${store.address}`, () => store.versions())).map(row);
    console.log(`${stack}, ${store.address}`);
    console.log(rows.length === 0 ? "no versions" : table(["id", "made", "serial", "bytes", "by", ""], rows));
    if (store.backend !== "worker") {
      console.log("an apply makes no version here: only backup, push, restore and migrate do");
    }
  }
}

function row({ id, createdAt, serial, size, createdBy, current }: Version): readonly string[] {
  return [
    id,
    createdAt,
    serial === undefined ? "?" : String(serial),
    String(size),
    createdBy ?? "these commands",
    current ? "current" : "",
  ];
}
