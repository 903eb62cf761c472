import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stackId } from "../config/state-location";
import { withPrivateFolder } from "../process/private-folder";
import { runGroup, tail } from "../process/process-group";
import { synthesize } from "../process/synthesize";
import type { Project } from "../state/project";
import { snapshot } from "../state/snapshot";
import { openStackStore } from "../state/stack-store";
import { resolveForSynth, resolveToolchain } from "../toolchain";
import { TalosError } from "./errors";

export interface StateOutputsProps {
  readonly project: Project;
  readonly signal: AbortSignal;
  /** Shows what is going on, where that takes a while. */
  readonly report: (line: string) => void;
}

/** The outputs of the cluster's stack, by name. */
export type StateOutputs = Readonly<Record<string, unknown>>;

/**
 * Reads the outputs of the cluster's stack from its state, wherever that is. Nothing is locked or written, and no provider is
 * needed.
 * @throws TalosError where there is no state, or it cannot be decrypted
 */
export async function readStateOutputs(props: StateOutputsProps): Promise<StateOutputs> {
  const store = openStackStore(props.project, "cluster");
  const bytes = await store.read();
  if (bytes === undefined) {
    throw new TalosError(
      `there is no state at ${store.address}, so no cluster was deployed from here; run npm run deploy, or name the files: --talosconfig FILE`,
    );
  }
  const { encrypted } = snapshot(bytes, store.address);
  return valuesOf(encrypted ? await decryptedOutputs(bytes, props) : stateIn(bytes).outputs);
}

type Outputs = Readonly<Record<string, { readonly value: unknown }>>;

const stateIn = (bytes: Uint8Array): { readonly outputs: Outputs } =>
  JSON.parse(Buffer.from(bytes).toString("utf8"));

const valuesOf = (outputs: Outputs = {}): StateOutputs =>
  Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));

/**
 * OpenTofu decrypts a copy of the state that is beside the program's encryption settings and nothing else: then it needs no
 * `init`, and the folder that a deploy may be working in is not touched.
 */
function decryptedOutputs(
  bytes: Uint8Array,
  { project, signal, report }: StateOutputsProps,
): Promise<Outputs> {
  return withPrivateFolder(project.env, async (folder) => {
    const synthEnv = { ...project.env, ...(await resolveForSynth({ env: project.env, report, signal })) };
    const { tofu, env } = await resolveToolchain({ env: project.env, report, signal });
    const output = join(folder, "synthesized");
    await synthesize({
      root: project.folder,
      output,
      env: synthEnv,
      log: undefined,
      signal,
      again: "npm run synth",
      onLine: () => undefined,
    });
    const stack = join(output, "stacks", stackId(project.cluster, "cluster"), "cdk.tf.json");
    const copy = join(folder, "state");
    mkdirSync(copy);
    writeFileSync(join(copy, "main.tf.json"), JSON.stringify(encryptionIn(readFileSync(stack, "utf8"))));
    writeFileSync(join(copy, "terraform.tfstate"), bytes, { mode: 0o600 });
    const { exitCode, stdout, stderr } = await runGroup(tofu, ["output", "-json", "-no-color"], {
      cwd: copy,
      env: { ...project.env, ...env, TF_WORKSPACE: undefined, TF_DATA_DIR: undefined },
      signal,
    });
    if (exitCode === 0) return JSON.parse(stdout) as Outputs;
    throw new TalosError(
      `the state cannot be decrypted; set TF_VAR_state_passphrase, or what the key of state.encryption needs. OpenTofu said:\n\n${tail(stderr, 20)}`,
    );
  });
}

function encryptionIn(template: string): object {
  const { terraform, variable } = JSON.parse(template) as {
    readonly terraform: { readonly encryption?: object };
    readonly variable?: object;
  };
  return { terraform: { encryption: terraform.encryption }, ...(variable && { variable }) };
}
