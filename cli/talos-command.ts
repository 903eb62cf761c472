import { Command } from "commander";
import { stopOnSignal } from "../process/stop-on-signal";
import {
  type Cluster,
  type ClusterProps,
  type ClusterWithAccess,
  openCluster,
  withClients,
} from "../talos/cluster";
import { CLUSTER_OPTION, chooseCluster } from "./choose-cluster";
import { messageOf } from "./error-message";
import { loadSecrets } from "./load-secrets";
import { loadTalosSecrets } from "./load-talos-secrets";
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
    .option(
      "--talosconfig <file>",
      "the talosconfig (default: the one in the state, or one made from the secrets)",
    )
    .option("--kubeconfig <file>", "the kubeconfig (default: the one in the state, or a new one)");
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
    .allowExcessArguments(false);
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
  runForUser(
    cluster,
    async (props) => work(await openCluster({ ...props, files: { talosconfig, kubeconfig } })),
    { needsTalosSecrets: talosconfig === undefined },
  );

interface FileNeeds {
  /** Whether the work fails without the file of the secrets; with credentials in files, it does not. @default false */
  readonly needsSecrets?: boolean;
  /** The same of those of Talos, where there is such a file. @default - as needsSecrets */
  readonly needsTalosSecrets?: boolean;
}

/**
 * As {@link runOnCluster}, for what needs no credentials.
 * @param cluster which of several
 */
export async function runForUser(
  cluster: string | undefined,
  work: (props: ClusterProps) => Promise<number>,
  { needsSecrets = false, needsTalosSecrets = needsSecrets }: FileNeeds = {},
): Promise<void> {
  const stop = stopOnSignal();
  try {
    chooseCluster(cluster, process.env);
    await loadSecrets(process.env, { signal: stop.signal, optional: !needsSecrets });
    await loadTalosSecrets(process.env, { signal: stop.signal, optional: !needsTalosSecrets });
    process.exitCode = await work({
      env: process.env,
      folder: process.cwd(),
      signal: stop.signal,
      report: console.error,
    });
  } catch (error) {
    process.exitCode = stop.signal.aborted ? stop.exitCode() : 1;
    console.error(stop.signal.aborted ? "stopped" : messageOf(error));
  }
}
