import { CHECKED_TALOS_VERSIONS, resolveConfigChecker } from "../../stand-ins/talos-config";
import {
  resolveKubernetes,
  resolveTalosctl,
  resolveTool,
  resolveToolchain,
  ToolchainError,
} from "../../toolchain";
import { longBuilds } from "./long-builds";
import { withLaunchers } from "./provider-launchers";

const report = (line: string) => process.stderr.write(`${line}\n`);

/**
 * Puts OpenTofu and the providers into the environment that the e2e tests inherit. What few tests need and takes long is
 * built beside the others: a test that needs it waits for it.
 */
export default async function setup({
  nonFlagArgs,
}: {
  /** The tests that are named on the command line of jest. */
  readonly nonFlagArgs: readonly string[];
}): Promise<void> {
  const { env } = await resolveToolchain({ report, cloudflare: "local", talos: "local" });
  const config = env.TF_CLI_CONFIG_FILE;
  Object.assign(process.env, env, config && { TF_CLI_CONFIG_FILE: withLaunchers(config) });
  // Tests that are named on the command line build what they need themselves.
  if (nonFlagArgs.length === 0) longBuilds.running = buildAll(longBuilds.stop.signal);
}

async function buildAll(signal: AbortSignal): Promise<void> {
  try {
    for (const name of ["age-keygen", "sops", "task"] as const) await resolveTool(name, { report, signal });
    for (const version of CHECKED_TALOS_VERSIONS) await resolveConfigChecker(version, { report, signal });
    await resolveTalosctl({ report, signal });
    // After talosctl, with which they have packages in common.
    for (const program of ["etcd", "kube-apiserver", "kubectl"] as const) {
      await resolveKubernetes(program, { report, signal });
    }
  } catch (error) {
    // The test that needs it fails with the same message.
    if (!signal.aborted && !(error instanceof ToolchainError)) throw error;
  }
}
