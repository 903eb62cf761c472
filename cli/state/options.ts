import { InvalidArgumentError, Option } from "commander";
import { stackNames } from "../../config/state-location";
import { STATE_BACKENDS } from "../../domain/state";
import { type Guard, guards } from "../../state/store";

export interface YesOption {
  readonly yes?: boolean;
}

export interface ForceOption {
  readonly force: readonly Guard[];
}

export const stackOption = () =>
  new Option("--stack <name>", "one stack (default: all whose state exists)").choices([...stackNames]);

export const atOption = () =>
  new Option("--at <backend>", "a backend other than the configured one").choices([...STATE_BACKENDS]);

export const yesOption = () => new Option("--yes", "do not ask");

export const forceOption = () =>
  new Option("--force <guards>", `lift these guards, comma-separated: ${guards.join(", ")}`)
    .default([] as readonly Guard[], "none")
    .argParser(readGuards);

function readGuards(text: string): readonly Guard[] {
  return text.split(",").map((name) => {
    const guard = guards.find((each) => each === name.trim());
    if (guard) return guard;
    throw new InvalidArgumentError(`"${name}" is none of ${guards.join(", ")}`);
  });
}
