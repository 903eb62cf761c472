import { lstatSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { table } from "../../process/table";
import { isFrozen, type LockInfo } from "../../state/lock-info";
import { StateError } from "../../state/problem";
import { chosenStores, loadSetting, type NamedStore } from "../../state/setting";
import { snapshotOrDamaged } from "../../state/snapshot";
import { verify } from "../../state/verify";
import { writeFileAtomic } from "../../state/write-file-atomic";
import { atOption, type Choice, stackOption, theOne, wanted } from "./options";

interface VerifyOptions extends Choice {
  readonly staleAfter: number;
}

/** Commands that change nothing. */
export function addLookCommands(program: Command): void {
  program
    .command("list")
    .description("the states that exist: where, which serial, and who holds the lock")
    .addOption(stackOption())
    .addOption(atOption())
    .action(list);
  program
    .command("pull")
    .description("write a state as it is kept, encrypted or not, to a file or to standard output")
    .addOption(stackOption())
    .addOption(atOption())
    .option("--out <file>", "write it there, readable for you alone")
    .action(pull);
  program
    .command("versions")
    .description("older states that can be restored, newest first")
    .addOption(stackOption())
    .addOption(atOption())
    .action(versions);
  program
    .command("verify")
    .description(
      "read each state and its lock, and check what can be checked; ends with 1 where something is wrong",
    )
    .addOption(stackOption())
    .addOption(atOption())
    .option("--stale-after <seconds>", "age at which a lock looks left behind", readSeconds, 3600)
    .action(verifyAll);
}

async function list(choice: Choice): Promise<void> {
  const setting = loadSetting(process.env, process.cwd());
  const rows = await Promise.all((await chosenStores(setting, choice)).map(row));
  if (rows.length === 0) console.log(`no state exists in ${choice.at ?? setting.config.backend}`);
  else console.log(table(["stack", "place", "serial", "lineage", "kept as", "lock"], rows));
}

async function pull({ out, ...choice }: Choice & { readonly out?: string }): Promise<void> {
  const { store } = await theOne(loadSetting(process.env, process.cwd()), choice);
  const bytes = await store.read();
  if (!bytes)
    throw new StateError(`${store.address} has no state`, "npm run state -- list shows what there is");
  if (out === undefined) process.stdout.write(bytes);
  else writeOut(out, bytes);
}

async function versions(choice: Choice): Promise<void> {
  for (const { stack, store } of await wanted(loadSetting(process.env, process.cwd()), choice)) {
    const rows = (await store.versions()).map(({ id, createdAt, serial, size, createdBy, current }) => [
      id,
      createdAt,
      serial === undefined ? "?" : String(serial),
      String(size),
      createdBy ?? "these commands",
      current ? "current" : "",
    ]);
    console.log(`${stack}, ${store.address}`);
    console.log(rows.length === 0 ? "no versions" : table(["id", "made", "serial", "bytes", "by", ""], rows));
    if (store.backend !== "worker") {
      console.log("an apply makes no version here: only backup, push, restore and migrate do");
    }
  }
}

async function verifyAll({ staleAfter, ...choice }: VerifyOptions): Promise<void> {
  const setting = loadSetting(process.env, process.cwd());
  for (const named of await wanted(setting, choice)) {
    const props = { staleAfterSeconds: staleAfter, now: new Date() };
    for (const { ok, text } of await verify(named, setting.config, props)) {
      console.log(`${ok ? "ok    " : "WRONG "} ${text}`);
      if (!ok) process.exitCode = 1;
    }
  }
}

async function row({ stack, store }: NamedStore): Promise<readonly string[]> {
  const [bytes, holder] = await Promise.all([store.read(), store.holder()]);
  const lock = holder ? describeLock(holder) : "free";
  const cells = (serial: string, lineage: string, keptAs: string) => [
    stack,
    store.address,
    serial,
    lineage,
    keptAs,
    lock,
  ];
  if (!bytes) return cells("-", "-", "no state");
  const state = snapshotOrDamaged(bytes);
  // The others are shown all the same; `verify` says what is wrong with it.
  if (!state) return cells("?", "?", "DAMAGED");
  return cells(String(state.serial), state.lineage, state.encrypted ? "encrypted" : "plain text");
}

function describeLock(holder: LockInfo): string {
  if (isFrozen(holder)) return `frozen: ${holder.Info}`;
  return `${holder.Who || "unknown"} (${holder.Operation || "unknown"}) since ${holder.Created}, ${holder.ID}`;
}

/** A file is written whole, behind a link too; a pipe, such as that of `>(…)`, gets the bytes and stays. */
function writeOut(path: string, bytes: Uint8Array): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile();
  if (found && !isFile) writeFileSync(path, bytes, { mode: 0o600 });
  else writeFileAtomic(found ? realpathSync(path) : path, bytes);
}

function readSeconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`"${text}" is no number of seconds`);
}
