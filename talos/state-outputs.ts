import { tail } from "../process/process-group";
import { snapshot } from "../state/snapshot";
import { TalosError } from "./errors";
import { readState, type StateCopyProps, withStateCopy } from "./state-copy";

/** The outputs of the cluster's stack, by name. */
export type StateOutputs = Readonly<Record<string, unknown>>;

/**
 * Reads the outputs of the cluster's stack from its state, wherever that is. Nothing is locked or written, and no provider is
 * needed.
 * @throws TalosError where there is no state, or it cannot be decrypted
 */
export async function readStateOutputs(props: StateCopyProps): Promise<StateOutputs> {
  const { bytes, address } = await readState(props);
  const { encrypted } = snapshot(bytes, address);
  const outputs = encrypted ? await decryptedOutputs(bytes, props) : stateIn(bytes).outputs;
  return Object.fromEntries(Object.entries(outputs ?? {}).map(([name, { value }]) => [name, value]));
}

type Outputs = Readonly<Record<string, { readonly value: unknown }>>;

const stateIn = (bytes: Uint8Array): { readonly outputs?: Outputs } =>
  JSON.parse(Buffer.from(bytes).toString("utf8"));

/** Beside the settings of its encryption and nothing else, OpenTofu needs no `init` to read the outputs of a state. */
function decryptedOutputs(bytes: Uint8Array, props: StateCopyProps): Promise<Outputs> {
  const programOf = ({
    terraform,
    variable,
  }: {
    terraform: { encryption?: unknown };
    variable?: unknown;
  }) => ({
    terraform: { encryption: terraform.encryption },
    ...(variable !== undefined && { variable }),
  });
  return withStateCopy(bytes, props, programOf, async ({ tofu }) => {
    const { exitCode, stdout, stderr } = await tofu("output", "-json");
    if (exitCode === 0) return JSON.parse(stdout) as Outputs;
    throw new TalosError(
      `the state cannot be decrypted; set TF_VAR_state_passphrase, or what the key of state.encryption needs. OpenTofu said:\n\n${tail(stderr, 20)}`,
    );
  });
}
