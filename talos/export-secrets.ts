import { TALOS_SECRETS_FILE, TALOS_SECRETS_TYPE } from "../domain/talos-secrets";
import { runGroup, tail } from "../process/process-group";
import { TalosError } from "./errors";
import { bundleOfMachineSecrets, bundleText } from "./secrets-bundle";
import { readState, type StateFile, type StateOutputsProps } from "./state-outputs";

type Named = Readonly<Record<"type" | "name", string>>;

/** Where a stack has its secrets, if they are in the state. */
const SECRETS: Named = { type: TALOS_SECRETS_TYPE, name: "cluster" };
/** What tells which ones they are, if they are out of it. */
const GUARD: Named = { type: "terraform_data", name: "cluster_secrets" };

const find = ({ resources = [] }: StateFile, { type, name }: Named) =>
  resources.find((each) => each.type === type && each.name === name);

/**
 * The secrets that a state has, as `talosctl gen secrets` writes them.
 * @throws TalosError if it has none
 */
export async function secretsInState(props: StateOutputsProps): Promise<string> {
  const value = find(await readState(props), SECRETS)?.instances[0]?.attributes?.machine_secrets;
  if (value === undefined)
    throw new TalosError("the state has no secrets of Talos, so there is nothing to take from it");
  return bundleText(bundleOfMachineSecrets(value, "the state"));
}

/** @throws TalosError if a cluster was made already: it accepts no other secrets */
export function requireNewCluster(state: StateFile): void {
  if (find(state, SECRETS) !== undefined) {
    throw new TalosError(
      "the state has the secrets of this cluster already, and nothing was made; to keep them out of it from now on, set talos.secrets " +
        "to in-state again, run npm run secrets -- talos --from-state, and go on as it says",
    );
  }
  if (find(state, GUARD) !== undefined) {
    throw new TalosError(
      `this cluster was made with a ${TALOS_SECRETS_FILE} that is not here, and nothing was made; take that file from git`,
    );
  }
}

/** New secrets, made by talosctl; they come through a pipe and stay in memory. @param contract such as `v1.12` */
export async function generatedSecrets(
  contract: string,
  {
    talosctl,
    env,
    signal,
  }: { readonly talosctl: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<string> {
  const args = ["gen", "secrets", "--talos-version", contract, "--output-file", "-"];
  const { exitCode, stdout, stderr } = await runGroup(talosctl, args, { env, signal });
  if (exitCode === 0) return stdout;
  throw new TalosError(`talosctl makes no secrets: ${tail(stderr, 3)}`);
}
