import { tail } from "../process/process-group";
import { snapshot } from "../state/snapshot";
import { TalosError } from "./errors";
import { readStateBytes, type StateCopyProps, type Template, withStateCopy } from "./state-copy";

export type StateOutputsProps = StateCopyProps;

/** The outputs of the cluster's stack, by name. */
export type StateOutputs = Readonly<Record<string, unknown>>;

/**
 * Reads the outputs of the cluster's stack from its state, wherever that is. Nothing is locked or written, and no provider is
 * needed.
 * @throws TalosError if there is no state, or it cannot be decrypted
 */
export async function readStateOutputs(props: StateOutputsProps): Promise<StateOutputs> {
  const { outputs = {} } = await readState(props);
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
}

/**
 * As {@link readStateOutputs}, for all of the state. Secrets are in it.
 * @throws TalosError if there is no state, or it cannot be decrypted
 */
export async function readState(props: StateOutputsProps): Promise<StateFile> {
  const { bytes, address } = await readStateBytes(props);
  return snapshot(bytes, address).encrypted ? decryptedState(bytes, props) : stateIn(bytes);
}

/** The part of a state file that is read here. */
export interface StateFile {
  readonly outputs?: Readonly<Record<string, { readonly value: unknown; readonly sensitive?: boolean }>>;
  readonly resources?: readonly {
    readonly mode: "managed" | "data";
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly attributes?: Readonly<Record<string, unknown>> }[];
  }[];
}

const stateIn = (bytes: Uint8Array): StateFile => JSON.parse(Buffer.from(bytes).toString("utf8"));

/** Beside the settings of its encryption and nothing else, OpenTofu needs no `init` to read a state. */
function decryptedState(bytes: Uint8Array, props: StateOutputsProps): Promise<StateFile> {
  return withStateCopy(bytes, props, encryptionIn, async ({ tofu }) => {
    const { exitCode, stdout, stderr } = await tofu("state", "pull");
    if (exitCode === 0) return JSON.parse(stdout) as StateFile;
    throw new TalosError(
      `the state cannot be decrypted; set TF_VAR_state_passphrase, or what the key of state.encryption needs. OpenTofu said:\n\n${tail(stderr, 20)}`,
    );
  });
}

const encryptionIn = ({ terraform: { encryption }, variable }: Template): object => ({
  terraform: { encryption },
  ...(variable !== undefined && { variable }),
});
