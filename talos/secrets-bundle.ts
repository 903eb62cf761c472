import { createHash } from "node:crypto";
import { stringify } from "yaml";
import { z } from "zod";
import {
  bundleOf,
  HOW_TO_MAKE_SECRETS,
  type MachineSecretsValue,
  machineSecretsOf,
  type SecretsBundle,
  TF_VAR_TALOS_HASH,
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
    [TF_VAR_TALOS_HASH]: secretsFingerprint(bundle),
  };
}

/**
 * By which the secrets of one cluster are told from others, and from edited ones: SHA-256 of all of them. Nobody can find out what is in
 * it, since keys are. The constructs compute the same with `jsonencode`.
 */
export function secretsFingerprint(bundle: SecretsBundle): string {
  const { secrets, ...others } = machineSecretsOf(bundle);
  // OpenTofu fills in what is optional.
  const whole = { ...others, secrets: { aescbc_encryption_secret: null, ...secrets } };
  return createHash("sha256").update(jsonencode(whole)).digest("hex");
}

/** As OpenTofu's function of that name: keys are sorted, and what HTML could misread is escaped. */
function jsonencode(value: unknown): string {
  const sorted = (_: string, each: unknown): unknown =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each;
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, sorted).replaceAll(/[<>&\u2028\u2029]/g, escaped);
}

/**
 * The secrets that are out of the state.
 * @throws TalosError if the environment does not have them
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
