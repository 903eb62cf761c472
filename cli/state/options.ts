import { InvalidArgumentError, Option } from "commander";
import type { StateBackend } from "../../config";
import { type StackName, stackNames } from "../../config/state-location";
import { STATE_BACKENDS } from "../../domain/state";
import { StateError } from "../../state/problem";
import { chosenStores, type NamedStore, type Setting } from "../../state/setting";
import { type Guard, guards } from "../../state/store";

export interface Choice {
  readonly stack?: StackName;
  readonly at?: StateBackend;
}

export const stackOption = () =>
  new Option("--stack <name>", "one stack (default: all whose state exists)").choices([...stackNames]);

export const atOption = () =>
  new Option("--at <backend>", "another backend than the configured one").choices([...STATE_BACKENDS]);

export const yesOption = () => new Option("--yes", "do not ask").default(false);

export const forceOption = () =>
  new Option("--force <guards>", `allow what these refuse, with commas between: ${guards.join(", ")}`)
    .default([] as readonly Guard[], "none")
    .argParser(readGuards);

/** The stores that are meant. @throws StateError where no state exists */
export async function wanted(setting: Setting, choice: Choice): Promise<readonly NamedStore[]> {
  const stores = await chosenStores(setting, choice);
  if (stores.length > 0) return stores;
  throw new StateError(
    `no state exists in ${choice.at ?? setting.config.backend}`,
    "name the stack of one that is to be, or is gone: --stack <name>; --at looks in another backend",
  );
}

/** The one store that is meant. @throws StateError where several could be */
export async function theOne(setting: Setting, choice: Choice): Promise<NamedStore> {
  const stores = await wanted(setting, choice);
  const [store] = stores;
  if (store && stores.length === 1) return store;
  throw new StateError(
    `there are states of ${stores.map(({ stack }) => stack).join(", ")}`,
    "say which one: --stack <name>",
  );
}

function readGuards(text: string): readonly Guard[] {
  return text.split(",").map((name) => {
    const guard = guards.find((each) => each === name.trim());
    if (guard) return guard;
    throw new InvalidArgumentError(`"${name}" is none of ${guards.join(", ")}`);
  });
}
