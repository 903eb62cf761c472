import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { withPrivateFolder } from "../process/private-folder";
import { runGroup, tail } from "../process/process-group";
import { TalosError } from "./errors";

export interface NewTalosconfigProps {
  /** Name of the context. */
  readonly clusterName: string;
  /** The secrets, as `talosctl gen secrets` writes them. */
  readonly secrets: string;
  /** Addresses of the control planes. */
  readonly endpoints: readonly string[];
  /** Absolute path of talosctl. */
  readonly talosctl: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** A talosconfig with all rights, valid for a year, made of the secrets by talosctl. No node is asked. */
export async function newTalosconfig(props: NewTalosconfigProps): Promise<string> {
  const { clusterName, secrets, endpoints, talosctl, env, signal } = props;
  const { exitCode, stdout, stderr } = await withPrivateFolder(env, (folder) => {
    const file = join(folder, "secrets.yaml");
    writeFileSync(file, secrets, { mode: 0o600 });
    const args = ["gen", "config", clusterName, "https://127.0.0.1:6443", "--with-secrets", file];
    return runGroup(talosctl, [...args, "--output-types", "talosconfig", "--output", "-"], { env, signal });
  });
  if (exitCode !== 0) {
    throw new TalosError(`talosctl makes no talosconfig of these secrets: ${tail(stderr, 3)}`);
  }
  const document = parseDocument(stdout);
  document.setIn(["contexts", clusterName, "endpoints"], document.createNode(endpoints));
  return String(document);
}
