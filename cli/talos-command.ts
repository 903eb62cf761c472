import { Command } from "commander";
import { ConfigError } from "../config";
import { stopOnSignal } from "../process/stop-on-signal";
import { StateError } from "../state/errors";
import { type Cluster, type ClusterWithAccess, openCluster, withClients } from "../talos/cluster";
import { TalosError } from "../talos/errors";
import { ToolchainError } from "../toolchain";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { run } from "./run";

/* What all commands for a running cluster have in common. */

export interface TalosOptions {
  readonly cluster?: string;
  readonly talosconfig?: string;
  readonly kubeconfig?: string;
}

/** Adds the options that say which cluster, and where its credentials are. */
export function addTalosOptions(command: Command): Command {
  return command
    .option(...CLUSTER_OPTION)
    .option("--talosconfig <file>", "the talosconfig (default: that in the state)")
    .option("--kubeconfig <file>", "the kubeconfig (default: that in the state)");
}

/** A command `npm run NAME`. @param exitCodes the line after `exit codes:` in its help */
export function talosProgram(name: string, description: string, exitCodes: string): Command {
  return addTalosOptions(new Command(`npm run ${name} --`))
    .description(description)
    .addHelpText(
      "after",
      `\nexit codes: ${exitCodes}\nenvironment: as for npm run deploy, to read the state; TALOS_API_ENDPOINTS and ` +
        "KUBERNETES_API_ENDPOINT where the APIs are reached through a tunnel",
    )
    .allowExcessArguments(false)
    .showHelpAfterError();
}

/** Runs a command whose work is on the running cluster. It is the last statement of its file, as {@link run} is. */
export const runTalosProgram = <Options extends TalosOptions>(
  name: string,
  program: Command,
  work: (cluster: Cluster, options: Options) => Promise<number>,
): Promise<void> =>
  run(name, program, () => {
    const options = program.parse().opts<Options>();
    return runOnCluster(options, (cluster) => work(cluster, options));
  });

/**
 * Runs the work of a command on the running cluster, and exits with what it returns.
 * @param work @returns the exit code
 */
export const runOnCluster = (
  options: TalosOptions,
  work: (cluster: Cluster) => Promise<number>,
): Promise<void> => runWithCredentials(options, (cluster) => withClients(cluster, work));

/** As {@link runOnCluster}, for what asks no node. */
export const runWithCredentials = (
  { cluster, talosconfig, kubeconfig }: TalosOptions,
  work: (cluster: ClusterWithAccess) => Promise<number>,
): Promise<void> =>
  runForUser(async (signal) => {
    chooseCluster(cluster, process.env);
    const opened = await openCluster({
      env: process.env,
      folder: process.cwd(),
      files: { talosconfig, kubeconfig },
      signal,
      report: console.error,
    });
    process.exitCode = await work(opened);
  });

/** Runs the work of a command. What the user can mend is an error without a stack trace, and the exit code 1. */
export async function runForUser(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = stopOnSignal();
  try {
    await work(stop.signal);
  } catch (error) {
    process.exitCode = stop.signal.aborted ? stop.exitCode() : 1;
    console.error(stop.signal.aborted ? "stopped" : isForUsers(error) ? error.message : error);
  }
}

function isForUsers(error: unknown): error is Error {
  return (
    error instanceof TalosError ||
    error instanceof ConfigError ||
    error instanceof StateError ||
    error instanceof ToolchainError ||
    (error instanceof Error && "syscall" in error)
  );
}
