import { type Command, Option } from "commander";
import { parse } from "yaml";
import { type LoadedFromEnv, loadFromEnv } from "../../config";
import { TALOS_SECRETS_FILE } from "../../domain/talos-secrets";
import { withAbortOnSignal } from "../../process/abort-on-signal";
import { step } from "../../process/step";
import { SecretsError } from "../../secrets/errors";
import { requireNoTalosSecrets, writeTalosSecrets } from "../../secrets/talos-secrets-file";
import { StateError } from "../../state/errors";
import { loadProject } from "../../state/project";
import { openStackStore } from "../../state/stack-store";
import { generatedSecrets, requireNewCluster, secretsInState } from "../../talos/export-secrets";
import { parseSecretsBundle, secretsVariables } from "../../talos/secrets-bundle";
import { readState, type StateOutputsProps } from "../../talos/state-outputs";
import { resolveTalosctl } from "../../toolchain";
import { loadSecrets } from "../load-secrets";
import { talosSopsProps, wroteTalosSecrets } from "../load-talos-secrets";
import { nameCluster } from "../name-cluster";
import { moveSecretsToState } from "./talos-to-state";

interface Options {
  readonly fromState?: boolean;
  readonly toState?: boolean;
}

/** `npm run secrets -- talos`: the secrets of Talos, where they are out of the state. */
export function addTalosCommand(program: Command): void {
  program
    .command("talos")
    .description(`make the secrets of a new Talos cluster in ${TALOS_SECRETS_FILE}; nothing is overwritten`)
    .option(
      "--from-state",
      "take those of a cluster that has them in its state, to keep them outside from now on",
    )
    .addOption(
      new Option(
        "--to-state",
        "take those of a cluster that has them in the file back into its state, to keep them there from now on",
      ).conflicts("fromState"),
    )
    .action((options: Options) =>
      withAbortOnSignal((signal) =>
        options.toState ? moveSecretsToState(signal) : makeSecrets(options, signal),
      ),
    );
}

async function makeSecrets({ fromState = false }: Options, signal: AbortSignal): Promise<void> {
  const { env } = process;
  const props = talosSopsProps(env, signal);
  requireNoTalosSecrets(props.folder);
  const contract = requirePlace(loadFromEnv({ env }), fromState);
  const report = console.error;
  await loadSecrets(env, { signal, optional: !fromState });
  const state = { project: loadProject(env, process.cwd()), signal, report };
  let yaml: string;
  if (fromState) {
    yaml = await step("take the secrets out of the state", ({ say }) =>
      secretsInState({ ...state, report: say }),
    );
  } else {
    const { path: talosctl } = await resolveTalosctl({ env, signal, report });
    yaml = await generatedSecrets(contract, { talosctl, env, signal });
    // A state is read by its program, which is not synthesized without secrets.
    const variables = secretsVariables(parseSecretsBundle(parse(yaml), "talosctl gen secrets"));
    await requireNone({ ...state, project: { ...state.project, env: { ...env, ...variables } } });
  }
  console.log(wroteTalosSecrets(await writeTalosSecrets(props, yaml)));
  if (fromState) console.log(nameCluster(NEXT_STEPS));
}

/** @throws TalosError if a cluster was made already, as far as its state can be read */
async function requireNone(props: StateOutputsProps): Promise<void> {
  try {
    if ((await openStackStore(props.project, "cluster").read()) === undefined) return;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    // The backend of a new cluster need not be there yet, and a plan refuses other secrets too.
    return props.report(`whether there is a cluster already is not known: ${error.problem}`);
  }
  requireNewCluster(await readState(props));
}

/** @returns the contract that secrets are made for */
function requirePlace({ config: { talos }, clusterFile }: LoadedFromEnv, fromState: boolean): string {
  const wanted = fromState ? "in-state" : "out-of-state";
  if (talos?.secrets === wanted) return talos.configContract;
  const found = talos === undefined ? "the key talos is missing" : `talos.secrets is ${talos.secrets}`;
  const hint = fromState
    ? "--from-state comes before the change to out-of-state"
    : "set it to out-of-state first. of a cluster that runs, take the secrets with --from-state, or npm run adopt-talos -- FILE";
  throw new SecretsError(`${clusterFile}: ${found}, so nothing was made; ${hint}`);
}

const NEXT_STEPS = `next:
  1. set talos.secrets: out-of-state in cluster.yaml
  2. npm run synth, npm run tofu -- init, and let the state forget its own: npm run tofu -- state rm talos_machine_secrets.cluster
  3. npm run deploy, which gives each node the config that it has, with the same certificates
older versions of the state still have the secrets. once the cluster is well, let them go: docs/runbooks/secrets-in-old-states.md`;
