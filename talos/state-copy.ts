import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stackId } from "../config/state-location";
import { withPrivateFolder } from "../process/private-folder";
import { type RunResult, runGroup } from "../process/process-group";
import { synthesize } from "../process/synthesize";
import type { Project } from "../state/project";
import { openStackStore } from "../state/stack-store";
import { resolveForSynth, resolveToolchain } from "../toolchain";
import { defaultCacheDir } from "../toolchain/context";
import { TalosError } from "./errors";

export interface StateCopyProps {
  readonly project: Project;
  readonly signal: AbortSignal;
  /** Shows what is going on, where that takes a while. */
  readonly report: (line: string) => void;
}

/** What is used of a synthesized stack. */
export interface Template {
  readonly terraform: Readonly<Record<string, unknown>>;
  readonly [block: string]: unknown;
}

/** A copy of the cluster's state beside a program, for OpenTofu to work on. Whatever it writes is gone at the end. */
export interface StateCopy {
  /** Runs OpenTofu. @returns its outcome, whatever it is */
  readonly tofu: (...args: readonly string[]) => Promise<RunResult>;
}

/** A program that works on the state where it is. */
export interface OwnStack extends StateCopy {
  /** Adds a file to the program. @param name such as `outputs.tf.json` */
  readonly add: (name: string, program: object) => void;
}

/** The bytes of the cluster's state. @throws TalosError if there is none */
export async function readStateBytes({ project }: StateCopyProps): Promise<{
  readonly bytes: Uint8Array;
  /** Where it is, for people. */
  readonly address: string;
}> {
  const store = openStackStore(project, "cluster");
  const bytes = await store.read();
  if (bytes !== undefined) return { bytes, address: store.address };
  throw new TalosError(
    `there is no state at ${store.address}, so no cluster was deployed from here; run npm run deploy, or name the files: --talosconfig FILE`,
  );
}

/**
 * Lends a copy of the state. The backend and the folder that a deploy may be working in are not touched, and nothing is locked.
 * @param programOf what stands beside the state, made of the synthesized stack without its backend
 */
export function withStateCopy<T>(
  bytes: Uint8Array,
  props: StateCopyProps,
  programOf: (template: Template) => object,
  work: (copy: StateCopy) => Promise<T>,
): Promise<T> {
  return withStack(props, async ({ template, folder, tofu }) => {
    const { terraform, ...blocks } = template;
    const { backend: _, ...settings } = terraform;
    writeFileSync(join(folder, PROGRAM), JSON.stringify(programOf({ terraform: settings, ...blocks })));
    // The name at which OpenTofu looks where there is no backend.
    writeFileSync(join(folder, "terraform.tfstate"), bytes, { mode: 0o600 });
    return work({ tofu });
  });
}

/**
 * Lends a copy of the program in a folder of its own, which works on the state where it is, with its lock.
 * @param programOf what is made of the synthesized stack @default - it is taken as it is
 */
export function withOwnStack<T>(
  props: StateCopyProps,
  work: (stack: OwnStack) => Promise<T>,
  programOf: (template: Template) => object = (template) => template,
): Promise<T> {
  return withStack(props, async ({ template, folder, tofu }) => {
    const add = (name: string, program: object) => writeFileSync(join(folder, name), JSON.stringify(program));
    add(PROGRAM, programOf(template));
    return work({ tofu, add });
  });
}

const PROGRAM = "main.tf.json";

interface Stack extends StateCopy {
  readonly template: Template;
  /** Empty. */
  readonly folder: string;
}

function withStack<T>(
  { project, signal, report }: StateCopyProps,
  work: (stack: Stack) => Promise<T>,
): Promise<T> {
  const options = { env: project.env, report, signal };
  return withPrivateFolder(project.env, async (privateFolder) => {
    const output = join(privateFolder, "synthesized");
    await synthesize({
      root: project.folder,
      output,
      env: { ...project.env, ...(await resolveForSynth(options)) },
      log: undefined,
      signal,
      again: "npm run synth",
      onLine: () => undefined,
    });
    const synthesized = join(output, "stacks", stackId(project.cluster, "cluster"), "cdk.tf.json");
    const folder = join(privateFolder, "stack");
    mkdirSync(folder);
    const { tofu, env } = await resolveToolchain(options);
    const plugins = project.env.TF_PLUGIN_CACHE_DIR || join(defaultCacheDir(), "plugins");
    mkdirSync(plugins, { recursive: true });
    return work({
      template: JSON.parse(readFileSync(synthesized, "utf8")) as Template,
      folder,
      tofu: (...args) =>
        runGroup(tofu, args, {
          cwd: folder,
          env: {
            ...project.env,
            ...env,
            NO_COLOR: "1",
            TF_PLUGIN_CACHE_DIR: plugins,
            TF_WORKSPACE: undefined,
            TF_DATA_DIR: undefined,
          },
          signal,
        }),
    });
  });
}
