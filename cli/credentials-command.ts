import type { Command } from "commander";
import type { ClusterWithAccess } from "../talos/cluster";
import { type ConfigKind, mergeIntoUserConfig, writeOwnConfig } from "../talos/write-config";
import { run } from "./run";
import { runWithCredentials, type TalosOptions, talosProgram } from "./talos-command";

/* What `npm run kubeconfig` and `npm run talosconfig` have in common. */

interface CredentialsOptions extends TalosOptions {
  readonly out?: string;
  readonly merge?: boolean;
  readonly use?: boolean;
  readonly replace?: boolean;
}

const USER_FILE = {
  kubeconfig: "KUBECONFIG, or ~/.kube/config",
  talosconfig: "TALOSCONFIG, or ~/.talos/config",
};

/** A command that writes the credentials of one kind. */
export function credentialsProgram(kind: ConfigKind, description: string): Command {
  return talosProgram(kind, description, "0 written, 1 not written")
    .option("--out <file>", "write this file, with mode 600; - is the standard output")
    .option("--merge", `add the cluster to your own file: ${USER_FILE[kind]}`)
    .option("--use", "with --merge: make its context the current one")
    .option("--replace", "overwrite an entry of the same name that belongs to another cluster");
}

/** Runs it. @param textOf the config @param more what else the command can do */
export const runCredentials = <Options extends CredentialsOptions>(
  kind: ConfigKind,
  program: Command,
  textOf: (cluster: ClusterWithAccess, options: Options) => string | Promise<string>,
): Promise<void> => run(kind, program, () => writeCredentials(kind, program, textOf));

async function writeCredentials<Options extends CredentialsOptions>(
  kind: ConfigKind,
  program: Command,
  textOf: (cluster: ClusterWithAccess, options: Options) => string | Promise<string>,
): Promise<void> {
  const options = program.parse().opts<Options>();
  const { out, merge, use = false, replace = false } = options;
  if ((out === undefined) === !merge) {
    program.error(`say where to: --out FILE, --out - or --merge${merge ? ", but not two of them" : ""}`);
  }
  if (use && !merge)
    program.error("--use is for --merge; in a file of its own, the context is the current one");
  await runWithCredentials(options, async (cluster) => {
    const text = await textOf(cluster, options);
    if (out === "-") process.stdout.write(text);
    else if (out !== undefined) {
      writeOwnConfig(kind, out, text, replace);
      console.error(`${out} is written; it has all rights in the cluster`);
    } else {
      const { path, context } = mergeIntoUserConfig(kind, text, process.env, { use, replace });
      console.error(`${path} has the context ${context}, with all rights in the cluster`);
    }
    return 0;
  });
}
