import { type Command, InvalidArgumentError } from "commander";
import { addTalosOptions, type TalosOptions } from "./talos-command";

const TIMEOUT_SECONDS = 10;

export interface LiveOptions extends TalosOptions {
  readonly live?: boolean;
  readonly timeout?: number;
  readonly kubernetes: boolean;
}

/** Adds the options of a picture that also shows the running cluster. */
export function addLiveOptions(command: Command): Command {
  command
    .option(
      "--live",
      "also draw the health of each node, and what waits for its next start; asks Talos and Proxmox",
    )
    .option(
      "--timeout <seconds>",
      `with --live: how long each of them has for an answer (default: ${TIMEOUT_SECONDS})`,
      seconds,
    )
    .option("--no-kubernetes", "with --live: ask Talos and Proxmox only");
  return addTalosOptions(command);
}

export const timeoutMsOf = ({ timeout = TIMEOUT_SECONDS }: LiveOptions): number => timeout * 1_000;

/** @throws Error for an option that would do nothing */
export function refuseWithoutLive(options: LiveOptions): void {
  if (options.live) return;
  const { talosconfig, kubeconfig, timeout, kubernetes } = options;
  const isGiven = {
    "--talosconfig": talosconfig !== undefined,
    "--kubeconfig": kubeconfig !== undefined,
    "--timeout": timeout !== undefined,
    "--no-kubernetes": !kubernetes,
  };
  const [name] = Object.entries(isGiven).find(([, given]) => given) ?? [];
  if (name === undefined) return;
  throw new Error(`${name} is for --live: without it, nobody is asked; add --live, or leave it out`);
}

function seconds(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`"${text}" is not a number of seconds from 1 to 999`);
}
