import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { step } from "../../process/step";
import { readBackup } from "../../state/backup";
import { StateError } from "../../state/problem";
import { replaceState } from "../../state/replace";
import { loadSetting, type Setting, storeOf } from "../../state/setting";
import { describe, snapshot, snapshotOrDamaged } from "../../state/snapshot";
import type { Guard, StateStore } from "../../state/store";
import { underLock } from "../../state/under-lock";
import { requireConfirmation } from "./confirm";
import { atOption, type Choice, forceOption, stackOption, theOne, yesOption } from "./options";

interface Change extends Choice {
  readonly yes: boolean;
  readonly force: readonly Guard[];
}

/** Commands that put another state in the place of one. */
export function addReplaceCommands(program: Command): void {
  program
    .command("push")
    .description("replace a state by a file, under its lock; what was there is kept as a version")
    .argument("<file>", "a state, as pull wrote it")
    .addOption(stackOption())
    .addOption(forceOption())
    .addOption(yesOption())
    .action(push);
  program
    .command("restore")
    .description("make an older state the state again, as it was: a version, or all of a backup with --from")
    .argument("[id]", "of versions")
    .option("--from <folder>", "a folder that backup has written")
    .addOption(stackOption())
    .addOption(atOption())
    .addOption(forceOption())
    .addOption(yesOption())
    .action(restore);
}

async function push(file: string, { yes, force, stack }: Change): Promise<void> {
  const setting = loadSetting(process.env, process.cwd());
  const next = snapshot(readStateFile(file), file);
  const { store } = stack ? { store: storeOf(setting, stack) } : await theOne(setting, {});
  await requireConfirmation(`replace ${await whatIsIn(store)} by ${describe(next)}?`, yes);
  await step(`push ${file} to ${store.address}`, async ({ result }) => {
    await replaceState(store, next, { operation: "state push", force, mustEncrypt: mustEncrypt(setting) });
    result(`it reads ${describe(next)}`);
  });
}

async function restore(
  id: string | undefined,
  { from, ...options }: Change & { readonly from?: string },
): Promise<void> {
  const setting = loadSetting(process.env, process.cwd());
  if (id !== undefined && from === undefined) return restoreVersion(setting, id, options);
  if (id === undefined && from !== undefined) return restoreBackup(setting, from, options);
  throw new StateError("restore takes the id of a version, or --from <folder>", "give one of them");
}

function readStateFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StateError(
      `${file} cannot be read: ${(error as Error).message}`,
      "name a file that pull wrote",
    );
  }
}

async function restoreVersion(
  setting: Setting,
  id: string,
  { yes, force, ...choice }: Change,
): Promise<void> {
  const { store } = await theOne(setting, choice);
  const older = snapshot(await store.version(id), `version ${id}`);
  if (!older.encrypted && !force.includes("plaintext") && mustEncrypt(setting)) {
    throw new StateError(
      `version ${id} is in plain text, and ${mustEncrypt(setting)}`,
      "if that is meant: --force plaintext",
    );
  }
  await requireConfirmation(`replace ${await whatIsIn(store)} by ${describe(older)}?`, yes);
  await step(`restore ${id} in ${store.address}`, async ({ result }) => {
    await underLock(store, "state restore", async (lock) => {
      await store.restore(id, lock);
    });
    result(await whatIsIn(store));
  });
}

async function restoreBackup(
  setting: Setting,
  from: string,
  { yes, force, stack, at }: Change,
): Promise<void> {
  const saved = readBackup(resolve(from)).filter((each) => stack === undefined || each.stack === stack);
  if (saved.length === 0) {
    throw new StateError(
      `${from} has no state${stack ? ` of ${stack}` : ""}`,
      "name another stack, or another folder",
    );
  }
  const targets = saved.map(({ stack, state }) => ({ state, store: storeOf(setting, stack, at) }));
  for (const { store, state } of targets) {
    console.log(`${await whatIsIn(store)} becomes ${describe(state)}`);
  }
  await requireConfirmation("restore?", yes);
  for (const { store, state } of targets) {
    await step(`restore ${store.address}`, async ({ result }) => {
      // That it is older is what a restore is about.
      const options = { operation: "state restore", mustEncrypt: mustEncrypt(setting) };
      await replaceState(store, state, { ...options, force: ["serial", "empty", ...force] });
      result(`it reads ${describe(state)}`);
    });
  }
}

async function whatIsIn(store: StateStore): Promise<string> {
  const bytes = await store.read();
  if (!bytes) return `${store.address} (no state)`;
  const state = snapshotOrDamaged(bytes);
  return `${store.address} (${state ? describe(state) : "damaged"})`;
}

function mustEncrypt({ config: { encryption } }: Setting): string | undefined {
  const allowed = encryption.provider === "off" || encryption.migrateFromPlaintext;
  return allowed ? undefined : "state.encryption is on";
}
