import { TerraformVariable } from "cdktf";
import type { Construct } from "constructs";
import {
  WORKER_CREDENTIALS,
  type WorkerCredential,
  type WorkerEncryption,
  type WorkerScope,
} from "../domain/tfstate-worker";
import { plainVariables } from "../domain/tfstate-worker-variables";

/** Who may use the Worker, and how it keeps states. Passwords are not here: they are variables. */
export interface TfstateWorkerSettings {
  /**
   * Passwords that the Worker knows, each in variables of its own: `owner` in TF_VAR_tfstate_username and
   * TF_VAR_tfstate_password, `users` in TF_VAR_tfstate_users, `psk` in TF_VAR_tfstate_psk.
   * @default ["owner"]
   */
  readonly credentials?: readonly WorkerCredential[];
  /** Namespace that the pre-shared key gives access to; required with other credentials. @default "default" */
  readonly pskNamespace?: string;
  /** Issuers of identity tokens, such as GitHub Actions. @default - no issuers */
  readonly oidc?: readonly OidcIssuer[];
  /** Client certificates that Cloudflare verifies. @default - no certificates */
  readonly mtls?: readonly ClientCertificate[];
  /** `required` refuses plain text for every state, `auto` for states that were encrypted before. @default "auto" */
  readonly encryption?: WorkerEncryption;
  /**
   * Whether clients of the S3 backend may use the same objects. Each lock then has its file in the bucket, and each version
   * is copied for them. Without them, both are left out.
   * @default true
   */
  readonly servesS3Clients?: boolean;
  /** Number of newest versions of a state that are never deleted. @default 100 */
  readonly keepVersions?: number;
  /** Days for which every version is kept. @default 90 */
  readonly keepDays?: number;
  /** Path before every route, such as `/tfstate`. @default - no path */
  readonly basePath?: string;
}

export { WORKER_CREDENTIALS, type WorkerCredential, type WorkerScope };

/** Permissions for states of a namespace. */
export interface WorkerGrant {
  /** Namespace of the states. */
  readonly namespace: string;
  /** What may be done with them. */
  readonly scopes: readonly WorkerScope[];
  /** Names of the states, with `*`. @default - all states of the namespace */
  readonly states?: readonly string[];
}

/** An issuer of OIDC tokens that the Worker accepts instead of a password, and the permissions of their subjects. */
export interface OidcIssuer {
  /** Its address, as in a token's `iss`; without it GitHub Actions. @default "https://token.actions.githubusercontent.com" */
  readonly issuer?: string;
  /** What a token's `aud` must be, for example `tfstate`: a token for somebody else is refused. */
  readonly audience: string;
  /** What the subjects may do; the first rule whose subject matches counts. */
  readonly rules: readonly (WorkerGrant & {
    /** A token's `sub`, with `*`, for example `repo:me/cluster:ref:refs/heads/main`. */
    readonly subject: string;
  })[];
}

/** A client certificate, by its fingerprint or its subject, and its permissions. */
export type ClientCertificate = WorkerGrant & {
  /** SHA-256 of the certificate, in hex. @default - any certificate of the subject */
  readonly fingerprint?: string;
  /** Distinguished name of the certificate. @default - the certificate of the fingerprint */
  readonly subject?: string;
};

/** A variable or secret of the Worker. */
export interface WorkerVariable {
  /** A secret is not shown by Cloudflare. */
  readonly type: "plain_text" | "secret_text";
  /** Name that the Worker reads it by. */
  readonly name: string;
  /** Value, or a reference to a variable of the stack. */
  readonly text: string;
}

interface SecretInput {
  readonly description: string;
  /** Shortest one that the Worker takes. */
  readonly minLength: number;
}

const SECRETS: Readonly<Record<WorkerCredential, Readonly<Record<string, SecretInput>>>> = {
  owner: {
    TFSTATE_USERNAME: { description: "name of the Worker's owner", minLength: 1 },
    TFSTATE_PASSWORD: { description: "password of the Worker's owner, or its hash", minLength: 8 },
  },
  users: { TFSTATE_USERS: { description: "JSON list of further users of the Worker", minLength: 2 } },
  psk: { TFSTATE_PSK: { description: "pre-shared key of the Worker", minLength: 16 } },
};

/**
 * The TFSTATE_… variables of the Worker; each secret comes from a sensitive variable of the stack.
 * @throws if there are no credentials at all, so that nobody could use the Worker
 */
export function workerVariables(
  scope: Construct,
  workerName: string,
  settings: TfstateWorkerSettings,
  domain?: string,
): WorkerVariable[] {
  const { credentials = ["owner"], oidc = [], mtls = [] } = settings;
  if (credentials.length + oidc.length + mtls.length === 0) {
    throw new Error(
      `Worker "${workerName}": nobody could use it; give it a credential, an OIDC issuer or a client certificate`,
    );
  }
  const secrets = WORKER_CREDENTIALS.filter((each) => credentials.includes(each)).flatMap((each) =>
    Object.entries(SECRETS[each]).map(([name, input]) => secret(scope, name, input)),
  );
  const variables = Object.entries(plainVariables(settings, domain)).map(
    ([name, text]): WorkerVariable => ({ type: "plain_text", name, text }),
  );
  return [...secrets, ...variables];
}

function secret(scope: Construct, name: string, { description, minLength }: SecretInput): WorkerVariable {
  const id = name.toLowerCase();
  const variable = new TerraformVariable(scope, id, {
    type: "string",
    sensitive: true,
    nullable: false,
    description: `${description}: TF_VAR_${id}`,
    // A CI system sets "" for a missing secret. Then nobody could use the Worker.
    validation: [
      {
        condition: `\${length(var.${id}) >= ${minLength}}`,
        errorMessage: `TF_VAR_${id} is shorter than ${minLength}; is it set?`,
      },
    ],
  });
  variable.overrideLogicalId(id);
  return { type: "secret_text", name, text: variable.stringValue };
}
