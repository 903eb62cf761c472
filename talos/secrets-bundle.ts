import { createHash } from "node:crypto";
import { stringify } from "yaml";
import { z } from "zod";
import {
  bundleOf,
  HOW_TO_MAKE_SECRETS,
  type MachineSecretsValue,
  machineSecretsOf,
  type SecretsBundle,
  TF_VAR_TALOS_CA,
  TF_VAR_TALOS_SECRETS,
} from "../domain/talos-secrets";
import { TalosError } from "./errors";

const text = z.string().min(1);
const keyPair = z.object({ crt: text, key: text });

/** The secrets of a cluster, with all that a cluster needs. */
export const secretsBundle: z.ZodType<SecretsBundle> = z.object({
  cluster: z.object({ id: text, secret: text }),
  trustdinfo: z.object({ token: text }),
  certs: z.object({
    etcd: keyPair,
    k8s: keyPair,
    k8saggregator: keyPair,
    k8sserviceaccount: z.object({ key: text }),
    os: keyPair,
  }),
  secrets: z.object({
    bootstraptoken: text,
    secretboxencryptionsecret: text.optional(),
    aescbcencryptionsecret: text.optional(),
  }),
});

/** @param where what is read, for the message @throws TalosError that names the part that is missing, and no value */
export function parseSecretsBundle(value: unknown, where: string): SecretsBundle {
  const parsed = secretsBundle.safeParse(value);
  if (parsed.success) return parsed.data;
  const missing = parsed.error.issues[0]?.path.join(".");
  throw new TalosError(`${where} has no secrets of a cluster: ${missing} is missing`);
}

/** As `talosctl gen secrets` writes it. */
export const bundleText = (bundle: SecretsBundle): string => stringify(bundle);

/** The secrets in the provider's form. */
export const bundleOfMachineSecrets = (value: unknown, where: string): SecretsBundle => {
  try {
    return parseSecretsBundle(bundleOf(value as MachineSecretsValue), where);
  } catch (error) {
    if (error instanceof TalosError) throw error;
    throw new TalosError(`${where} has no secrets of a cluster`);
  }
};

/** The variables with which OpenTofu gets the secrets. */
export function secretsVariables(bundle: SecretsBundle): Readonly<Record<string, string>> {
  return {
    [TF_VAR_TALOS_SECRETS]: JSON.stringify(machineSecretsOf(bundle)),
    [TF_VAR_TALOS_CA]: caFingerprint(bundle),
  };
}

/** By which one cluster is told from another: SHA-256 of the CA's certificate, as PEM. Not secret. */
export const caFingerprint = ({ certs }: SecretsBundle): string =>
  createHash("sha256").update(Buffer.from(certs.os.crt, "base64")).digest("hex");

/**
 * The secrets that are out of the state.
 * @throws TalosError where the environment does not have them
 */
export function secretsIn(env: NodeJS.ProcessEnv): SecretsBundle {
  const given = env[TF_VAR_TALOS_SECRETS];
  if (!given) throw new TalosError(`the secrets of Talos are missing. ${HOW_TO_MAKE_SECRETS}`);
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    // Not the message of the parser, which quotes the text.
    throw new TalosError(`${TF_VAR_TALOS_SECRETS} is not JSON; unset it, so that the file is used`);
  }
  return bundleOfMachineSecrets(value, TF_VAR_TALOS_SECRETS);
}
