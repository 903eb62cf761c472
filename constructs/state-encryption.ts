import { TerraformElement, TerraformRemoteState, TerraformStack, TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
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
      /** A passphrase of at least 16 characters, stretched by 600,000 rounds of PBKDF2. */
      readonly provider: "pbkdf2";
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

    for (const each of keys) checkKey(each);

    const providers: Record<string, Record<string, object>> = {};
    const methods: Record<string, Record<string, object>> = { [METHOD]: {} };
    keys.forEach((each, index) => {
      const name = keyId(each);
      const passphrase = index === 0 ? "state_passphrase" : "state_passphrase_previous";
      providers[each.provider] = { ...providers[each.provider], [name]: this.provider(each, passphrase) };
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
    // Deriving a key takes almost a second at each plan. So only a stack that reads other states has this block.
    const readsOthers = TerraformStack.of(this)
      .node.findAll()
      .some((each) => each instanceof TerraformRemoteState);
    return { terraform: { encryption: { ...this.encryption, ...(readsOthers && this.remoteState) } } };
  }

  private provider(key: EncryptionKey, passphraseVariable: string): object {
    switch (key.provider) {
      case "pbkdf2": {
        const variable = new TerraformVariable(this, passphraseVariable, {
          type: "string",
          sensitive: true,
          description: `passphrase of the state, at least 16 characters: TF_VAR_${passphraseVariable}`,
        });
        variable.overrideLogicalId(passphraseVariable);
        return { passphrase: `\${var.${passphraseVariable}}` };
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

function keyId(key: EncryptionKey): string {
  return key.keyId ?? DEFAULT_KEY_ID;
}

function checkKey(key: EncryptionKey): void {
  const checks = new PropChecks(`encryption key "${keyId(key)}"`);
  checks.text("keyId", keyId(key), KEY_ID);
  const { provider, keyId: _, ...settings } = key;
  for (const [name, value] of Object.entries(settings)) checks.text(name, value, LITERAL);
}

/** OpenTofu wants the bare address here, not a template. */
function reference(key: EncryptionKey): string {
  return `method.${METHOD}.${keyId(key)}`;
}
