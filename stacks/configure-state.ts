import { Annotations, type TerraformStack } from "cdktf";
import { LocalBackend } from "../constructs/local-backend";
import { R2Backend } from "../constructs/r2-backend";
import { StateEncryption } from "../constructs/state-encryption";
import { TfstateWorkerBackend } from "../constructs/tfstate-worker-backend";
import { DEFAULT_BUCKET, DEFAULT_STATE_KEY } from "../domain/state";
import type { StateProps } from "./cluster-stack-props";

/** Gives a stack its backend and its encryption. */
export function configureState(stack: TerraformStack, state: StateProps = { backend: "r2" }): void {
  switch (state.backend) {
    case "r2":
      new R2Backend(stack, {
        bucket: state.bucket ?? DEFAULT_BUCKET,
        key: state.key ?? DEFAULT_STATE_KEY,
        accountId: state.accountId,
        jurisdiction: state.jurisdiction,
        lock: state.lock,
      });
      if (state.lock === false) {
        Annotations.of(stack).addWarning(
          "applies do not lock the state (state.lock is false): of two applies at the same time, only one state remains, " +
            "and the resources of the other apply are in no state. set lock to true, or use the Worker",
        );
      }
      break;
    case "worker":
      if (!state.url)
        throw new Error("state.backend is worker, but state.url is missing; give the state's address");
      new TfstateWorkerBackend(stack, { url: state.url });
      break;
    case "local":
      new LocalBackend(stack, { path: state.path });
      break;
  }

  const encryption = state.encryption ?? { provider: "pbkdf2" };
  if (encryption.provider === "off") {
    Annotations.of(stack).addWarning(`state and plan are not encrypted: ${encryption.reason}`);
    return;
  }
  const { previous, migrateFromPlaintext, ...key } = encryption;
  new StateEncryption(stack, "state-encryption", { key, previousKey: previous, migrateFromPlaintext });
}
