import type { Command } from "commander";
import { type LoadedFromEnv, loadFromEnv } from "../../config";
import { TALOS_SECRETS_FILE } from "../../domain/talos-secrets";
import { withAbortOnSignal } from "../../process/abort-on-signal";
import { step } from "../../process/step";
import { SecretsError } from "../../secrets/errors";
import { requireNoTalosSecrets, writeTalosSecrets } from "../../secrets/talos-secrets-file";
import { loadProject } from "../../state/project";
import { generatedSecrets, secretsInState } from "../../talos/export-secrets";
import { resolveTalosctl } from "../../toolchain";
import { loadSecrets } from "../load-secrets";
import { talosSopsProps, wroteTalosSecrets } from "../load-talos-secrets";

interface Options {
  readonly fromState?: boolean;
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
    .action((options: Options) => withAbortOnSignal((signal) => makeSecrets(options, signal)));
}

async function makeSecrets({ fromState = false }: Options, signal: AbortSignal): Promise<void> {
  const { env } = process;
  const props = talosSopsProps(env, signal);
  requireNoTalosSecrets(props.folder);
  const contract = requirePlace(loadFromEnv({ env }), fromState);
  const report = console.error;
  let yaml: string;
  if (fromState) {
    await loadSecrets(env, { signal });
    const project = loadProject(env, process.cwd());
    yaml = await step("take the secrets out of the state", ({ say }) =>
      secretsInState({ project, signal, report: say }),
    );
  } else {
    const { path: talosctl } = await resolveTalosctl({ env, signal, report });
    yaml = await generatedSecrets(contract, { talosctl, env, signal });
  }
  console.log(wroteTalosSecrets(await writeTalosSecrets(props, yaml)));
  if (fromState) console.log(NEXT_STEPS);
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
  3. npm run deploy, which gives each node the config that it has, with the same certificates`;
