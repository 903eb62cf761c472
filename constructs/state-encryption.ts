import { TerraformElement, TerraformRemoteState, TerraformStack, TerraformVariable, Token } from "cdktf";
import type { Construct } from "constructs";
import {
  CHOSEN_PASSPHRASE_ITERATIONS,
  GENERATED_PASSPHRASE_ITERATIONS,
  GENERATED_PASSPHRASE_LENGTH,
  ITERATIONS,
  iterationsProblem,
} from "../domain/key-derivation";
import { LITERAL } from "../domain/pattern";
import { DEFAULT_KEY_ID, KEY_ID } from "../domain/state";
import { PropChecks } from "./prop-checks";

/** What a {@link StateEncryption} is made of. */
export interface StateEncryptionProps {
  /** What state and plan are encrypted with. @default - pbkdf2 with the passphrase in TF_VAR_state_passphrase */
  readonly key?: EncryptionKey;
  /** The key before a rotation: still read, no longer written. @default - no rotation is under way */
  readonly previousKey?: EncryptionKey;
  /**
   * Also reads a state in plain text, for the one apply that encrypts it. Until then
   * encryption is not enforced, because OpenTofu does not allow plain text as the fallback of an enforced method.
   * @default false
   */
  readonly migrateFromPlaintext?: boolean;
}

/** Where the key comes from. Credentials of the key services come from their own environment variables. */
export type EncryptionKey = {
  /**
   * Name of the key in the state's metadata. A new key needs a new name.
   * @default "main"
   */
  readonly keyId?: string;
} & (
  | {
      /** A passphrase of at least 16 characters, stretched by PBKDF2 with HMAC-SHA512. */
      readonly provider: "pbkdf2";
      /**
       * Iterations of PBKDF2. They are kept in the state, so that it can be read after a change; it is written with the new
       * number at the next apply that changes something.
       * @default - 210000, or 200000 with `generatedPassphrase`
       */
      readonly iterations?: number;
      /**
       * Whether the passphrase is 256 random bits or more, such as of `openssl rand -base64 32`. A plan refuses one that does
       * not look so.
       * @default false
       */
      readonly generatedPassphrase?: boolean;
    }
  | {
      /** AWS Key Management Service. */
      readonly provider: "aws_kms";
      /** ID, ARN or alias of the key. */
      readonly kmsKeyId: string;
      /** Region of the key. */
      readonly region: string;
    }
  | {
      /** Google Cloud Key Management Service. */
      readonly provider: "gcp_kms";
      /** Resource name of the key, `projects/…/cryptoKeys/…`. */
      readonly kmsEncryptionKey: string;
    }
  | {
      /** The transit engine of OpenBao or Vault. */
      readonly provider: "openbao";
      /** Name of the transit key. */
      readonly keyName: string;
      /** https URL of the server. @default - the environment's BAO_ADDR */
      readonly address?: string;
    }
);

/** AES-256 */
const KEY_LENGTH_BYTES = 32;
const METHOD = "aes_gcm";

/**
 * OpenTofu's encryption of state, plan and remote state, on the machine that runs it: a backend never sees
 * plain text. State and plan that are not encrypted are refused (`enforced`).
 *
 * @see https://opentofu.org/docs/language/state/encryption/
 */
export class StateEncryption extends TerraformElement {
  private readonly encryption: Record<string, object>;
  private readonly remoteState: object;

  /** @throws if an id or a setting is not valid, or both keys have the same id: OpenTofu finds a key by its id. */
  constructor(scope: Construct, id: string, props: StateEncryptionProps = {}) {
    super(scope, id);
    const key = props.key ?? { provider: "pbkdf2" };
    const keys = props.previousKey ? [key, props.previousKey] : [key];
    if (props.previousKey && keyId(key) === keyId(props.previousKey)) {
      throw new Error(
        `the new key and the previous one are both called "${keyId(key)}"; give the new one another key_id, such as "${keyId(key)}-2"`,
      );
    }

    checkKey(key);
    if (props.previousKey) checkPreviousKey(props.previousKey);

    const providers: Record<string, Record<string, object>> = {};
    const methods: Record<string, Record<string, object>> = { [METHOD]: {} };
    keys.forEach((each, index) => {
      const name = keyId(each);
      providers[each.provider] = { ...providers[each.provider], [name]: this.provider(each, index > 0) };
      methods[METHOD] = { ...methods[METHOD], [name]: { keys: `\${key_provider.${each.provider}.${name}}` } };
    });
    if (props.migrateFromPlaintext) methods.unencrypted = { migrate: {} };

    const method = reference(key);
    const fallback = props.migrateFromPlaintext
      ? { fallback: { method: "method.unencrypted.migrate" } }
      : props.previousKey && { fallback: { method: reference(props.previousKey) } };
    const target = { method, ...fallback, ...(!props.migrateFromPlaintext && { enforced: true }) };
    this.encryption = { key_provider: providers, method: methods, state: target, plan: target };
    this.remoteState = { remote_state_data_sources: { default: { method, ...fallback } } };
  }

  override toTerraform(): object {
    // Deriving a key costs time at each plan. So only a stack that reads other states has this block.
    const readsOthers = TerraformStack.of(this)
      .node.findAll()
      .some((each) => each instanceof TerraformRemoteState);
    return { terraform: { encryption: { ...this.encryption, ...(readsOthers && this.remoteState) } } };
  }

  private addPassphrase(name: string, isGenerated = false): void {
    const variable = new TerraformVariable(this, name, {
      type: "string",
      sensitive: true,
      description: `passphrase of the state, at least 16 characters: TF_VAR_${name}`,
    });
    variable.overrideLogicalId(name);
    if (!isGenerated) return;
    variable.addValidation({
      condition: `\${length(var.${name}) >= ${GENERATED_PASSPHRASE_LENGTH} && !can(regex("\\\\s", var.${name}))}`,
      errorMessage:
        `TF_VAR_${name} does not look generated: it has fewer than ${GENERATED_PASSPHRASE_LENGTH} characters, or a space. ` +
        "nothing was changed. if a person has thought of it, remove generated_passphrase; a new one is made by `openssl rand -base64 32`",
    });
  }

  private provider(key: EncryptionKey, isPrevious: boolean): object {
    switch (key.provider) {
      case "pbkdf2": {
        const variable = isPrevious ? "state_passphrase_previous" : "state_passphrase";
        this.addPassphrase(variable, key.generatedPassphrase);
        return {
          passphrase: `\${var.${variable}}`,
          // OpenTofu derives a new key from the previous passphrase too, and writes nothing with it: the least will do.
          iterations: isPrevious ? ITERATIONS.min : iterationsOf(key),
        };
      }
      case "aws_kms":
        return { kms_key_id: key.kmsKeyId, region: key.region, key_spec: "AES_256" };
      case "gcp_kms":
        return { kms_encryption_key: key.kmsEncryptionKey, key_length: KEY_LENGTH_BYTES };
      case "openbao":
        return {
          key_name: key.keyName,
          key_length: KEY_LENGTH_BYTES,
          ...(key.address && { address: key.address }),
        };
    }
  }
}

type Passphrase = Extract<EncryptionKey, { provider: "pbkdf2" }>;

function iterationsOf({ iterations, generatedPassphrase }: Passphrase): number {
  return iterations ?? (generatedPassphrase ? GENERATED_PASSPHRASE_ITERATIONS : CHOSEN_PASSPHRASE_ITERATIONS);
}

function keyId(key: EncryptionKey): string {
  return key.keyId ?? DEFAULT_KEY_ID;
}

function checkKey(key: EncryptionKey): void {
  const checks = new PropChecks(`encryption key "${keyId(key)}"`);
  checks.text("keyId", keyId(key), KEY_ID);
  if (key.provider === "pbkdf2") {
    const { iterations, generatedPassphrase = false } = key;
    checks.wholeNumber("iterations", iterations, ITERATIONS);
    const problem = iterationsProblem(iterationsOf(key), generatedPassphrase, "generatedPassphrase");
    if (problem && !Token.isUnresolved(iterations)) checks.fail(`iterations ${iterations} ${problem}`);
    return;
  }
  const { provider, keyId: _, ...settings } = key;
  for (const [name, value] of Object.entries(settings)) checks.text(name, value, LITERAL);
}

/** A key that is only read takes all from the state, so that these props would do nothing. */
function checkPreviousKey(key: EncryptionKey): void {
  checkKey(key);
  if (key.provider !== "pbkdf2") return;
  for (const prop of ["iterations", "generatedPassphrase"] as const) {
    if (key[prop] === undefined) continue;
    throw new Error(
      `encryption key "${keyId(key)}": ${prop} is for the key that writes; the state itself says how the previous one was ` +
        "derived, so leave it out",
    );
  }
}

/** OpenTofu wants the bare address here, not a template. */
function reference(key: EncryptionKey): string {
  return `method.${METHOD}.${keyId(key)}`;
}
