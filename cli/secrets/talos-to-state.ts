import { type ClusterConfig, loadFromEnv } from "../../config";
import { TALOS_SECRETS_FILE } from "../../domain/talos-secrets";
import { withPrivateFolder } from "../../process/private-folder";
import { SecretsError } from "../../secrets/errors";
import { loadProject } from "../../state/project";
import { checkSecrets } from "../../talos/adopt-secrets";
import { talosNodes } from "../../talos/node";
import { secretsIn } from "../../talos/secrets-bundle";
import { secretsToState } from "../../talos/secrets-to-state";
import { resolveTalosctl } from "../../toolchain";
import { loadSecrets } from "../load-secrets";
import { loadTalosSecrets } from "../load-talos-secrets";
import { nameCluster } from "../name-cluster";

/** `npm run secrets -- talos --to-state`: moves the secrets of Talos from their file back into the state. */
export async function moveSecretsToState(signal: AbortSignal): Promise<void> {
  const { env } = process;
  const { config, clusterFile } = loadFromEnv({ env });
  const contract = requireReady(config, clusterFile);
  await loadSecrets(env, { signal });
  await loadTalosSecrets(env, { signal });
  const bundle = secretsIn(env);
  const report = console.error;
  const askNode = () =>
    withPrivateFolder(env, async (privateFolder) => {
      const { path: talosctl } = await resolveTalosctl({ env, report, signal });
      const nodes = talosNodes(config, env);
      await checkSecrets({ config, nodes, secrets: { bundle }, privateFolder, talosctl, env, signal });
    });
  const project = loadProject(env, process.cwd());
  const isNew = await secretsToState({
    project,
    bundle,
    contract,
    askNode,
    onLine: report,
    signal,
    report,
  });
  console.log(nameCluster(`${isNew ? "the secrets are in the state" : ALREADY}\n${NEXT_STEPS}`));
}

/** @returns the contract of the secrets @throws SecretsError if they could not stay in the state */
function requireReady({ talos, state }: ClusterConfig, clusterFile: string): string {
  if (talos?.secrets !== "out-of-state") {
    const found = talos === undefined ? "the key talos is missing" : `talos.secrets is ${talos.secrets}`;
    throw new SecretsError(
      `${clusterFile}: ${found}, so nothing was changed; --to-state comes before the change to in-state`,
    );
  }
  if (state.encryption.provider === "off") {
    throw new SecretsError(
      `${clusterFile}: state.encryption.provider is off, so the secrets would be in plain text in the state, and nothing was changed; encrypt the state first`,
    );
  }
  return talos.configContract;
}

const ALREADY = "the secrets are in the state already, and nothing was changed";
const NEXT_STEPS = `next:
  1. in cluster.yaml, remove secrets: out-of-state, and then the file: git rm ${TALOS_SECRETS_FILE}
  2. npm run plan, which makes no other secrets
  3. npm run deploy, which gives each node the config that it has, with the same certificates`;
