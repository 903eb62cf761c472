import type { Directory } from "./directory/directory";
import type { StateObject } from "./state/state-object";

/** Bindings and variables of the Worker. Only the first three are needed; unset credentials mean locked. */
export interface Env {
  /** The states, at `{namespace}/{name}.tfstate`, their S3 locks, and `history/`. */
  readonly BUCKET: R2Bucket;
  /** One object per state: the lock, the commit, the pointer to the current version. */
  readonly STATE: DurableObjectNamespace<StateObject>;
  /** One object per deployment: tokens, the list of states, brute-force counters, metrics. */
  readonly DIRECTORY: DurableObjectNamespace<Directory>;
  /** Second bucket, for the scheduled copy. */
  readonly BACKUP?: R2Bucket;

  /** In front of every route, such as `/tfstate`. */
  readonly TFSTATE_BASE_PATH?: string;
  /** The owner: every scope on every state of the namespace of the same name. */
  readonly TFSTATE_USERNAME?: string;
  /** The owner's password, or its hash as `npm run worker:admin -- hash-password` prints it. */
  readonly TFSTATE_PASSWORD?: string;
  /** JSON list of further users, see `auth/settings.ts`. */
  readonly TFSTATE_USERS?: string;
  /** One pre-shared key as the Basic password of any user name. */
  readonly TFSTATE_PSK?: string;
  /** Namespace of the pre-shared key. @default "default" */
  readonly TFSTATE_PSK_NAMESPACE?: string;
  /** JSON list of trusted OIDC issuers, see `auth/settings.ts`. */
  readonly TFSTATE_OIDC?: string;
  /** JSON list of accepted client certificates, see `auth/settings.ts`. */
  readonly TFSTATE_MTLS?: string;
  /** `required` refuses every unencrypted state. @default "auto" (a state once encrypted stays encrypted) */
  readonly TFSTATE_ENCRYPTION?: string;
  /** Versions of a state that are always kept. @default 100 */
  readonly TFSTATE_KEEP_VERSIONS?: string;
  /** Days for which every version is kept. @default 90 */
  readonly TFSTATE_KEEP_DAYS?: string;
}
