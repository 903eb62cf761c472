import { COMMANDS } from "./commands";

/** Commands that are not about one cluster, or that know which. */
const WITHOUT = ["init", "bootstrap", "worker", "worker:admin", "toolchain", "github", "apply"];
const named = new Set(COMMANDS.map(({ name }) => name).filter((name) => !WITHOUT.includes(name)));
/** They take `--cluster` behind the name of a subcommand, and not before it. */
const OF_SUBCOMMANDS: readonly string[] = ["certificates", "etcd"];

/** A command that somebody is told to run, with a first word that is no option, unless it names a cluster already. */
const COMMAND = /(npm run (?:-s )?([a-z][\w:-]*))(?: --(?= )( [a-z][a-z-]*)?)?(?![^\n`;]* --cluster )/g;

let chosen: string | undefined;

/**
 * From now on, every command that this process tells somebody to run names this cluster, which the user has chosen with
 * `--cluster`: in errors, in progress and in what is printed, wherever the text comes from.
 */
export function nameInAdvice(cluster: string): void {
  const isFirst = chosen === undefined;
  chosen = cluster;
  if (isFirst) for (const stream of [process.stdout, process.stderr]) nameIn(stream);
}

/** What another command of ours gets, so that its texts name the cluster too. */
export const clusterArguments = (): readonly string[] => (chosen === undefined ? [] : ["--cluster", chosen]);

/** Adds `--cluster NAME` to the commands in a text, where the user has told with `--cluster` what they are about. */
export function nameCluster(text: string, cluster = chosen): string {
  if (cluster === undefined) return text;
  return text.replace(COMMAND, (command: string, start: string, name: string, word = "") => {
    if (!named.has(name)) return command;
    if (!OF_SUBCOMMANDS.includes(name)) return `${start} -- --cluster ${cluster}${word}`;
    return word === "" ? command : `${start} --${word} --cluster ${cluster}`;
  });
}

/** Bytes, such as those of a state, are left as they are. */
function nameIn(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (text: unknown, ...more: unknown[]) => boolean;
  stream.write = (text: unknown, ...more: unknown[]) =>
    write(typeof text === "string" ? nameCluster(text) : text, ...more);
}
