import { COMMANDS } from "./commands";

/** Commands that are not about one cluster, or that know which. */
const WITHOUT = ["init", "bootstrap", "worker", "worker:admin", "toolchain", "github", "apply"];
const named = new Set(COMMANDS.map(({ name }) => name).filter((name) => !WITHOUT.includes(name)));

/** A command that somebody is told to run, unless it names a cluster already. */
const COMMAND = /npm run (?:-s )?([a-z][\w:-]*)(?: --(?= ))?(?![^\n`;]* --cluster )/g;

let chosen: string | undefined;

/** From now on, {@link nameCluster} names this cluster: the user has chosen it with `--cluster`. */
export function nameInAdvice(cluster: string): void {
  chosen = cluster;
}

/** Adds `--cluster NAME` to the commands in a message, where this one was told with `--cluster` what it is about. */
export function nameCluster(message: string, cluster = chosen): string {
  if (cluster === undefined) return message;
  return message.replace(COMMAND, (command, name: string) =>
    named.has(name) ? `${command.replace(/ --$/, "")} -- --cluster ${cluster}` : command,
  );
}
