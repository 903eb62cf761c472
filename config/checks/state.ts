import { iterationsProblem } from "../../domain/key-derivation";
import { historyPrefix, lockKey } from "../../domain/state-objects";
import type { Problem } from "../diagnostic";
import { quoteValue } from "../display-value";
import type { ResolvedCluster } from "../resolve-cluster";
import { BOOTSTRAP_MARKER_KEY, BOOTSTRAP_STATE_KEY } from "../state-location";

/** The backend has the settings that it needs, and a change of the encryption key has two different keys. */
export function* checkState({ input: { state }, config, isSound }: ResolvedCluster): Iterable<Problem> {
  if (config.state.backend === "worker" && config.state.url === undefined) {
    const text =
      "is missing; the backend worker needs it, for example https://tfstate.example.com/states/proxmox";
    yield { path: ["state", "url"], text };
  }
  if ([BOOTSTRAP_STATE_KEY, BOOTSTRAP_MARKER_KEY].includes(state.key)) {
    const text = `${quoteValue(state.key)} is an object of the bootstrap stack; use another key, such as proxmox/terraform.tfstate`;
    yield { path: ["state", "key"], text };
  }
  if (state.key.startsWith(historyPrefix)) {
    const text = `${quoteValue(state.key)} is in ${historyPrefix}, where the bucket lets nothing be overwritten and deletes what is old; use another key, such as proxmox/terraform.tfstate`;
    yield { path: ["state", "key"], text };
  }
  if (state.key.endsWith(lockKey(""))) {
    const text = `${quoteValue(state.key)} ends like a lock, and is taken for one; use another key, such as proxmox/terraform.tfstate`;
    yield { path: ["state", "key"], text };
  }
  const { encryption } = state;
  if (encryption.provider === "pbkdf2" && encryption.iterations !== undefined) {
    const { iterations, generated_passphrase: isGenerated } = encryption;
    const problem = iterationsProblem(iterations, isGenerated, "generated_passphrase");
    if (problem) yield { path: ["state", "encryption", "iterations"], text: `${iterations} ${problem}` };
  }
  if (encryption.provider === "off" || encryption.previous === undefined) return;
  if (encryption.migrate !== undefined) {
    // OpenTofu has one fallback, which is either plain text or an older key.
    yield {
      path: ["state", "encryption", "migrate"],
      text: "cannot be set together with previous; do one after the other",
    };
  }
  // OpenTofu finds the salt of a key by its name. With one name for both, it would use the new key for the old state.
  const isKnown = isSound(["state", "encryption", "previous", "key_id"]);
  if (isKnown && encryption.previous.key_id === encryption.key_id) {
    const text = `${quoteValue(encryption.key_id)} is the name of the previous key too; give the new key another one, such as ${quoteValue(`${encryption.key_id}-2`)}`;
    yield { path: ["state", "encryption", "key_id"], text };
  }
}
