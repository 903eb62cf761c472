import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { findOwnProgram, type OwnProgram, resolveOwnProgram, type ToolchainOptions } from "../../toolchain";
import type { ConfigCheck } from "../talos";

/** The versions of Talos whose own library checks configurations; the exact ones are in the go.mod of each. */
export const CHECKED_TALOS_VERSIONS = ["1.12", "1.13", "1.14"] as const;
export type CheckedTalosVersion = (typeof CHECKED_TALOS_VERSIONS)[number];

/** The input of the data source talos_machine_configuration, with secrets that are the same for all. */
export interface GenerateInput {
  readonly clusterName: string;
  /** `https://10.0.0.10:6443` */
  readonly clusterEndpoint: string;
  readonly machineType: "controlplane" | "worker";
  /**
   * The contract: the version of Talos that the form of the configuration is for.
   * @default - that of the checker
   */
  readonly talosVersion?: string;
  /** @default - the newest that the checker knows */
  readonly kubernetesVersion?: string;
  /** Strategic merge patches in YAML, in their order. */
  readonly configPatches?: readonly string[];
}

/** A whole configuration, or the input to generate it. */
export type ConfigRequest = {
  readonly name: string;
  /** `metal` installs Talos to a disk, `cloud` is an image that is on its disk already. */
  readonly mode: "metal" | "cloud";
} & ({ readonly config: string } | { readonly generate: GenerateInput });

export interface ConfigVerdict {
  readonly name: string;
  /** What was checked; empty where it could not be generated. */
  readonly config: string;
  readonly warnings: readonly string[];
  /** Why a node would refuse it. Empty where a node would take it. */
  readonly errors: readonly string[];
  /** The same in the words of a node. */
  readonly refusal: string;
}

/** The config checker for a version of Talos. Only its go.mod differs. */
export const configChecker = (version: CheckedTalosVersion): OwnProgram => ({
  name: `talos-config-${version}`,
  build: {
    folder: "stand-ins/talos-config",
    package: ".",
    ldflags: "-s -w",
    ...(version !== CHECKED_TALOS_VERSIONS[0] && { modfile: `talos-${version}.mod` }),
  },
  sources: ["stand-ins/talos-config"],
});

/** Builds the config checker, once on this machine. @returns its path @throws ToolchainError where it cannot be built */
export const resolveConfigChecker = (
  version: CheckedTalosVersion = "1.13",
  options: ToolchainOptions = {},
): Promise<string> => resolveOwnProgram(configChecker(version), options);

/**
 * Asks Talos' own library whether a node would take these configurations: some hundred in a second.
 * @param program of {@link resolveConfigChecker}
 * @returns the answers in the order of the requests
 * @throws where a request has the wrong form
 */
export async function checkConfigs(
  program: string,
  requests: readonly ConfigRequest[],
): Promise<readonly ConfigVerdict[]> {
  const child = spawn(program, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  // A program that has ended early says why on stderr.
  child.stdin.on("error", () => undefined).end(JSON.stringify(requests));
  const [answers, said, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (exitCode !== 0) throw new Error(`the config checker failed (exit code ${exitCode}): ${said.trim()}`);
  return JSON.parse(answers);
}

/** Checks configurations for one version of Talos, whose checker is built where it is not there yet. */
export async function checkTalosConfigs(
  requests: readonly ConfigRequest[],
  version: CheckedTalosVersion = "1.13",
): Promise<readonly ConfigVerdict[]> {
  return checkConfigs(await resolveConfigChecker(version), requests);
}

/**
 * The check of the stand-in nodes, by the library of the version of Talos that a node runs.
 * @param program the checker for a version; where there is none, nodes only check what the stand-in knows itself
 */
export function configCheck(
  program: (version: CheckedTalosVersion) => string | undefined = (version) =>
    findOwnProgram(configChecker(version)),
): ConfigCheck {
  return async (config, { mode, talosVersion }) => {
    const version = CHECKED_TALOS_VERSIONS.find((known) => talosVersion.startsWith(`v${known}.`));
    const checker = version && program(version);
    if (checker === undefined) return undefined;
    const [verdict] = await checkConfigs(checker, [{ name: "node", mode, config }]);
    return verdict;
  };
}
