import type { Problem } from "../diagnostic";
import type { ResolvedCluster } from "../resolve-cluster";

/** A pre-release works, but nobody should be on one without knowing it. */
export function* warnOfPreRelease({ input, config }: ResolvedCluster): Iterable<Problem> {
  if (!config.talosVersion.includes("-")) return;
  const [release = ""] = config.talosVersion.split("-");
  const text = `is a pre-release, for tests; use a release such as ${release} once it is out`;
  yield { path: ["talos_version"], text: `${input.talos_version} ${text}` };
}
