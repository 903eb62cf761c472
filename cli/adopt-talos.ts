import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { loadFromEnv } from "../config";
import { withPrivateFolder } from "../process/private-folder";
import { step } from "../process/step";
import { synthesize } from "../process/synthesize";
import { Tofu } from "../process/tofu";
import { requireNoTalosSecrets, writeTalosSecrets } from "../secrets/talos-secrets-file";
import { loadProject, stackFolder } from "../state/project";
import { checkSecrets, importSecrets } from "../talos/adopt-secrets";
import type { ClusterProps } from "../talos/cluster";
import { TalosError } from "../talos/errors";
import { talosNodes } from "../talos/node";
import { bundleText } from "../talos/secrets-bundle";
import { plainSecrets } from "../talos/secrets-file";
import { resolveForSynth, resolveTalosctl, resolveToolchain } from "../toolchain";
import { CLUSTER_OPTION } from "./choose-cluster";
import { talosSopsProps, wroteTalosSecrets } from "./load-talos-secrets";
import { run } from "./run";
import { runForUser } from "./talos-command";

/* `npm run adopt-talos -- FILE`: takes over the secrets of a Talos cluster that runs. */

const AGAIN = "npm run adopt-talos -- FILE";

interface Options {
  readonly cluster?: string;
  readonly unchecked?: boolean;
}

async function adopt(
  file: string,
  { unchecked }: Options,
  { env, folder, signal, report }: ClusterProps,
): Promise<number> {
  const { config, clusterFile } = loadFromEnv({ env });
  if (config.talos === undefined || config.adopt?.talos === undefined) {
    throw new TalosError(
      `${clusterFile} says nothing of a Talos to adopt; add the keys talos and adopt.talos: {}, as docs/adoption.md shows`,
    );
  }
  const isOutOfState = config.talos.secrets === "out-of-state";
  if (isOutOfState) requireNoTalosSecrets(talosSopsProps(env, signal).folder);
  const { path: talosctl } = await resolveTalosctl({ env, report, signal });
  const toolchain = await resolveToolchain({ env, report, signal });
  const project = loadProject(env, folder);
  const output = resolve(folder, env.CDKTF_OUTDIR ?? "cdktf.out");
  const logs = join(output, "logs");
  mkdirSync(logs, { recursive: true });
  await withPrivateFolder(env, async (privateFolder) => {
    const secrets = await plainSecrets({ file, privateFolder, talosctl, env, signal, report });
    if (!unchecked) {
      const nodes = talosNodes(config, env);
      await step("asking a control plane whether these are its secrets", () =>
        checkSecrets({ config, nodes, secrets, privateFolder, talosctl, env, signal }),
      );
    }
    if (isOutOfState) {
      const path = await writeTalosSecrets(talosSopsProps(env, signal), bundleText(secrets.bundle));
      console.error(wroteTalosSecrets(path));
      return;
    }
    const tofu = new Tofu({
      file: toolchain.tofu,
      stackFolder: stackFolder(project, "cluster"),
      logs,
      env: { ...env, ...toolchain.env },
      signal,
      again: AGAIN,
    });
    await step("synthesizing the stack", async ({ follow }) =>
      synthesize({
        root: folder,
        output,
        env: { ...env, ...(await resolveForSynth({ env, report, signal })) },
        log: join(logs, "synth.log"),
        signal,
        again: AGAIN,
        onLine: follow,
      }),
    );
    await step("initializing the state backend", ({ follow }) => tofu.init(follow));
    await importSecrets(tofu, secrets);
  });
  console.log(
    `the secrets are in ${isOutOfState ? "that file" : "the state"}; npm run diff shows what this program would change in each node, and npm run plan changes none`,
  );
  return 0;
}

const program = new Command()
  .description("take over the secrets of a running Talos cluster, so that its certificates stay the same")
  .argument(
    "<file>",
    "secrets.yaml, talsecret.yaml, either with sops, or the machine config of a control plane",
  )
  .option(...CLUSTER_OPTION)
  .option("--unchecked", "do not ask a control plane whether they are its secrets")
  .addHelpText(
    "after",
    "\nexit codes: 0 the secrets are in the state, or in their file, 1 error\nenvironment: as for npm run deploy, and TALOS_API_ENDPOINTS",
  )
  .action((file: string, options: Options) =>
    runForUser(options.cluster, (props) => adopt(file, options, props), { needsSecrets: true }),
  );

run("adopt-talos", program);
