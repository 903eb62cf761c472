import { runGroup, tail } from "../process/process-group";
import { TalosError } from "./errors";
import { bundleOfMachineSecrets, bundleText } from "./secrets-bundle";
import { readState, type StateOutputsProps } from "./state-outputs";

/** Where a stack has its secrets, if they are in the state. */
const SECRETS = { type: "talos_machine_secrets", name: "cluster" } as const;

/**
 * The secrets that a state has, as `talosctl gen secrets` writes them.
 * @throws TalosError where it has none
 */
export async function secretsInState(props: StateOutputsProps): Promise<string> {
  const { resources = [] } = await readState(props);
  const found = resources.find(({ type, name }) => type === SECRETS.type && name === SECRETS.name);
  const value = found?.instances[0]?.attributes?.machine_secrets;
  if (value === undefined)
    throw new TalosError("the state has no secrets of Talos, so there is nothing to take from it");
  return bundleText(bundleOfMachineSecrets(value, "the state"));
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
