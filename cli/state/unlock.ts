import type { Command } from "commander";
import { isFrozen } from "../../state/lock-info";
import { LockedError, StateError } from "../../state/problem";
import { loadSetting, type NamedStore } from "../../state/setting";
import { requireConfirmation } from "./confirm";
import { atOption, type Choice, stackOption, wanted, yesOption } from "./options";

export function addUnlockCommand(program: Command): void {
  program
    .command("unlock")
    .description("remove a lock that somebody left behind; look first whether they are really gone")
    .argument("<lock id>")
    .addOption(stackOption())
    .addOption(atOption())
    .addOption(yesOption())
    .action(unlock);
}

async function unlock(id: string, { yes, ...choice }: Choice & { readonly yes: boolean }): Promise<void> {
  const { store } = await lockedBy(await wanted(loadSetting(process.env, process.cwd()), choice), id);
  const holder = await store.holder();
  if (holder && isFrozen(holder)) throw new LockedError(store.address, holder, "get the newest cluster.yaml");
  const whose = holder
    ? `${holder.Who} (${holder.Operation}) since ${holder.Created}`
    : "a process that is gone";
  await requireConfirmation(`break the lock of ${whose} on ${store.address}?`, yes);
  await store.breakLock(id);
  console.log(`${store.address} is unlocked`);
}

async function lockedBy(stores: readonly NamedStore[], id: string): Promise<NamedStore> {
  const locks: string[] = [];
  for (const named of stores) {
    const holder = await named.store.holder();
    if (holder?.ID === id) return named;
    if (holder) locks.push(`${named.stack}: ${holder.ID}`);
  }
  // What a process left beside a local file locks nothing, but can be cleared away.
  const [only] = stores;
  if (only && stores.length === 1) return only;
  throw new StateError(
    `no state is locked by ${id}`,
    locks.length > 0 ? `held are ${locks.join(", ")}` : "none is locked",
  );
}
