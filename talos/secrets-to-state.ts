import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type SecretsBundle,
  TALOS_HASH_VARIABLE,
  TALOS_SECRETS_ADDRESS,
  TALOS_SECRETS_FILE,
  TALOS_SECRETS_TYPE,
  TALOS_SECRETS_VARIABLE,
} from "../domain/talos-secrets";
import { withPrivateFolder } from "../process/private-folder";
import { tail } from "../process/process-group";
import { TalosError } from "./errors";
import { bundleOfMachineSecrets, bundleText, secretsFingerprint } from "./secrets-bundle";
import { type OwnStack, type StateCopyProps, type Template, withOwnStack } from "./state-copy";
import type { StateFile } from "./state-outputs";

/** Which secrets the cluster was made with, where they are out of the state. */
const GUARD = "terraform_data.cluster_secrets";
const BOOTSTRAP = "talos_machine_bootstrap.cluster";

export interface SecretsToStateProps extends StateCopyProps {
  readonly bundle: SecretsBundle;
  /** `talos.config_contract` */
  readonly contract: string;
  /** Asks a node whether these are its secrets, where the state does not tell. @throws TalosError if they are not */
  readonly askNode: () => Promise<void>;
  /** Each line that OpenTofu writes. */
  readonly onLine: (line: string) => void;
}

/**
 * Takes the secrets of a cluster from their file into its state. No certificate changes, and no node is changed. What is done already is
 * skipped, so that it can be run again after a failure.
 * @returns whether anything was to be done
 * @throws TalosError if these are not the secrets that the cluster was made with
 */
export function secretsToState(props: SecretsToStateProps): Promise<boolean> {
  const { bundle, contract, project } = props;
  const work = async (run: Run, add: OwnStack["add"]): Promise<boolean> => {
    // Nothing is printed where there is no state.
    const state = JSON.parse((await run("state", "pull")) || "{}") as StateFile;
    const { isImported, hasGuard, isCertain } = placeOf(state, bundle);
    if (!isCertain) await props.askNode();
    if (!isImported) {
      // An import forgets those that are not in the program, and the guard of the quorum reads one.
      add("outputs.tf.json", outputsOf(state));
      await withPrivateFolder(project.env, async (folder) => {
        const file = join(folder, "secrets.yaml");
        writeFileSync(file, bundleText(bundle), { mode: 0o600 });
        props.onLine(tail(await run("import", "-input=false", TALOS_SECRETS_ADDRESS, file), 3));
      });
    }
    // Only now: with neither of them, a plan could make other secrets.
    if (hasGuard) props.onLine(tail(await run("state", "rm", GUARD), 1));
    return !isImported || hasGuard;
  };
  return withOwnStack(
    props,
    async ({ tofu, add }) => {
      const run: Run = async (...args) => {
        const { exitCode, stdout, stderr } = await tofu(...args);
        if (exitCode === 0) return stdout;
        throw new TalosError(
          `the secrets are not in the state: tofu ${args[0]} failed:\n\n${tail(stderr || stdout, 30)}\nfix that, then run the command again: it skips what is done`,
        );
      };
      await run("init", "-input=false");
      return work(run, add);
    },
    (template) => importOnly(template, contract),
  );
}

/** Runs OpenTofu. @returns its standard output @throws TalosError if it fails */
type Run = (...args: readonly string[]) => Promise<string>;

/** What a state knows of the secrets of its cluster. */
export interface SecretsPlace {
  /** Whether it has them. */
  readonly isImported: boolean;
  /** Whether it has their hash, as it does where they are out of it. */
  readonly hasGuard: boolean;
  /** Whether they are known to be the same as those at hand. */
  readonly isCertain: boolean;
}

/** @throws TalosError if they are others, or there is no cluster */
export function placeOf({ resources = [] }: StateFile, bundle: SecretsBundle): SecretsPlace {
  const attributesOf = (address: string): Attributes | undefined =>
    resources.find(({ mode, type, name }) => mode === "managed" && `${type}.${name}` === address)
      ?.instances[0]?.attributes;
  const secrets = attributesOf(TALOS_SECRETS_ADDRESS);
  const guard = attributesOf(GUARD);
  const known = [
    ...(secrets ? [secretsFingerprint(bundleOfMachineSecrets(secrets.machine_secrets, "the state"))] : []),
    ...(guard ? [fingerprintIn(guard)] : []),
  ];
  if (known.some((each) => each !== secretsFingerprint(bundle))) {
    throw new TalosError(
      `${TALOS_SECRETS_FILE} has not the secrets that this cluster was made with, and nothing was changed; take its own file from git`,
    );
  }
  if (known.length === 0 && attributesOf(BOOTSTRAP) === undefined) {
    throw new TalosError(
      `the state has no cluster that was made with ${TALOS_SECRETS_FILE}, so there is nothing to take back; remove secrets: out-of-state and the file, and deploy`,
    );
  }
  return { isImported: secrets !== undefined, hasGuard: guard !== undefined, isCertain: known.length > 0 };
}

type Attributes = Readonly<Record<string, unknown>>;

/** A state keeps the type of such a value beside it. */
const fingerprintIn = ({ input }: Attributes): unknown =>
  typeof input === "object" && input !== null && "value" in input ? input.value : input;

/** The outputs of a state, as they are. */
export const outputsOf = ({ outputs = {} }: StateFile): object => ({
  output: Object.fromEntries(
    Object.entries(outputs).map(([name, { value, sensitive = false }]) => [
      name,
      { value: literal(value), sensitive },
    ]),
  ),
});

const withoutTemplate = (text: string) => text.replaceAll(/[$%]\{/g, (start) => `${start[0]}${start}`);

/** What looks like a template is none, be it a key. */
function literal(value: unknown): unknown {
  if (typeof value === "string") return withoutTemplate(value);
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [withoutTemplate(key), literal(each)]),
  );
}

/** A program of nothing but the secrets. The synthesized one has them elsewhere. */
function importOnly({ terraform, provider, variable }: Template, contract: string): object {
  const {
    [TALOS_SECRETS_VARIABLE]: _,
    [TALOS_HASH_VARIABLE]: __,
    ...others
  } = variable as Readonly<Record<string, unknown>>;
  return {
    terraform,
    provider,
    variable: others,
    resource: { [TALOS_SECRETS_TYPE]: { cluster: { talos_version: contract } } },
  };
}
