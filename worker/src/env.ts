import type { AuthEnvironment } from "./auth/settings";
import type { Directory } from "./directory/directory";
import type { Passwords } from "./passwords/password-object";
import type { SettingsEnvironment } from "./settings";
import type { StateObject } from "./state/state-object";

/**
 * Everything that is bound to the Worker, for its entry and its routes. Every other module names the few bindings that
 * it uses itself: none below `http/` and `page/` imports this.
 */
export interface Env extends AuthEnvironment, SettingsEnvironment {
  /** The states, their locks and versions; the keys are in `domain/state-objects.ts`. */
  readonly BUCKET: R2Bucket;
  /** One object for each state: its lock, its versions and which of them is current. */
  readonly STATE: DurableObjectNamespace<StateObject>;
  /** One object for the deployment: tokens, the list of states, metrics. */
  readonly DIRECTORY: DurableObjectNamespace<Directory>;
  /** Some objects that check passwords. */
  readonly PASSWORDS: DurableObjectNamespace<Passwords>;
  /** Second bucket, for the scheduled copy. @default - no copy is made */
  readonly BACKUP?: R2Bucket;
}
