import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ClusterConfig } from "../config";
import { TALOS_SECRETS_ADDRESS } from "../domain/talos-secrets";
import { step } from "../process/step";
import type { ShownResource, Tofu } from "../process/tofu";
import { CallError, TalosError } from "./errors";
import { newTalosconfig } from "./new-talosconfig";
import { isControlPlane, type TalosNode } from "./node";
import { bundleText } from "./secrets-bundle";
import type { PlainSecrets } from "./secrets-file";
import { Talosctl } from "./talosctl";

const BOOTSTRAP = "talos_machine_bootstrap.cluster";

/** The resource's part that tells one cluster from another. */
const caOf = z.object({
  machine_secrets: z.object({ certs: z.object({ os: z.object({ cert: z.string() }) }) }),
});

/**
 * Imports the secrets of a running cluster, and that it is bootstrapped. Where they are in the state already, it does nothing.
 * @param tofu in the folder of the synthesized stack, after `init`
 * @throws TalosError if the state has other secrets
 */
export async function importSecrets(tofu: Tofu, { path, bundle }: PlainSecrets): Promise<void> {
  const resources = (await tofu.show()).values?.root_module?.resources ?? [];
  const known = resources.find(({ address }) => address === TALOS_SECRETS_ADDRESS);
  if (known !== undefined && certificateIn(known) !== bundle.certs.os.crt) {
    throw new TalosError(
      `the state has the secrets of another cluster already; if they were never used, let it forget them with tofu state rm ${TALOS_SECRETS_ADDRESS}, and run this again`,
    );
  }
  await step("importing the secrets", async ({ follow, result }) => {
    if (known === undefined) await tofu.import(follow, TALOS_SECRETS_ADDRESS, path);
    else result("they are in the state");
  });
  await step("importing the bootstrap", async ({ follow, result }) => {
    const isKnown = resources.some(({ address }) => address === BOOTSTRAP);
    if (isKnown) result("it is in the state");
    else await tofu.import(follow, BOOTSTRAP, "machine_bootstrap");
  });
}

function certificateIn({ values }: ShownResource): string | undefined {
  const parsed = caOf.safeParse(values);
  return parsed.success ? parsed.data.machine_secrets.certs.os.cert : undefined;
}

export interface CheckSecretsProps {
  readonly config: ClusterConfig;
  readonly nodes: readonly TalosNode[];
  readonly secrets: Pick<PlainSecrets, "bundle">;
  readonly privateFolder: string;
  /** Absolute path of talosctl. */
  readonly talosctl: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Asks a control plane whether these are its secrets. @throws TalosError if none accepts them */
export async function checkSecrets(props: CheckSecretsProps): Promise<void> {
  const { config, nodes, secrets, privateFolder, talosctl, env, signal } = props;
  const talosconfig = join(privateFolder, "talosconfig");
  const text = await newTalosconfig({
    clusterName: config.clusterName,
    secrets: bundleText(secrets.bundle),
    endpoints: [],
    talosctl,
    env,
    signal,
  });
  writeFileSync(talosconfig, text, { mode: 0o600 });
  const client = new Talosctl({ file: talosctl, talosconfig, env, signal });
  const failures: string[] = [];
  for (const node of nodes.filter(isControlPlane)) {
    try {
      await client.run(node, ["version", "--short"], { timeoutMs: 15_000 });
      return;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      failures.push(error.message);
    }
  }
  throw new TalosError(
    `no control plane accepts these secrets, so they may be those of another cluster:\n${failures.join("\n")}\nname the right file, or pass --unchecked where no control plane can be reached from here`,
  );
}
