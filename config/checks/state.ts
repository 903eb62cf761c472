import type { Problem } from "../errors";
import type { ResolvedCluster } from "../resolve-cluster";

/** A backend has what it needs, and a key change has two keys. */
export function* checkState({ input: { state }, config }: ResolvedCluster): Iterable<Problem> {
  if (config.state.backend === "worker" && state.url === undefined) {
    const text =
      "is missing; the backend worker needs it, for example https://tfstate.example.com/states/proxmox";
    yield { path: ["state", "url"], text };
  }
  const { encryption } = state;
  if (encryption.provider === "off" || encryption.previous === undefined) return;
  if (encryption.migrate !== undefined) {
    // OpenTofu has one fallback, which is either plain text or an older key.
    yield {
      path: ["state", "encryption", "migrate"],
      text: "is there beside previous; do one after the other",
    };
  }
  const { migrate: _migrate, previous, ...current } = encryption;
  // A passphrase is not in the file: two of them look alike here.
  if (previous.provider !== "pbkdf2" && JSON.stringify(previous) === JSON.stringify(current)) {
    const text = "is the same key; give the one before it, or remove previous";
    yield { path: ["state", "encryption", "previous"], text };
  }
}
