import type { ClusterFiles } from "./cluster-files";
import { type Diagnostic, formatLocation, locateProblem } from "./diagnostic";
import { displayValue } from "./display-value";
import type { SourcedCluster } from "./load-with-source";

type Cluster = ClusterFiles & SourcedCluster;

interface Owned<Owner> {
  /** Undefined if there is no cluster at all. */
  readonly owner: Owner | undefined;
  readonly problems: readonly Diagnostic[];
}

/** What all clusters have in common, because there is one bucket: the key in `state`, and the setting. */
const SHARED = [
  ["account_id", "accountId"],
  ["bucket", "bucket"],
  ["jurisdiction", "jurisdiction"],
] as const;

/**
 * All clusters share one bootstrap: one bucket, one Worker. It is described in one of their files, or the same in several. The
 * cluster with that file owns it; its encryption is that of the bootstrap's state.
 */
export function bootstrapOwner<Owner extends Cluster>(clusters: readonly Owner[]): Owned<Owner> {
  const describing = clusters.filter(({ resolved }) => resolved.input.bootstrap !== undefined);
  const candidates = describing.length > 0 ? describing : clusters;
  const [owner] = candidates;
  if (owner?.config.bootstrap === undefined) return { owner, problems: [] };
  const problems = [
    ...clusters.flatMap((each) => otherPlace(each, owner)),
    ...candidates.flatMap((each) => otherBootstrap(each, owner)),
  ];
  return { owner, problems };
}

function otherPlace(cluster: Cluster, owner: Cluster): Diagnostic[] {
  if (cluster.config.state.backend !== "r2") return [];
  return SHARED.flatMap(([key, setting]): Diagnostic[] => {
    const [own, others] = [cluster.config.state[setting], owner.config.state[setting]];
    if (own === others) return [];
    const there = formatLocation(owner.source.locate(["state", key]));
    const text = `${displayValue(own ?? "none")} is not ${displayValue(others ?? "none")} as in ${there}; all clusters share one bucket, so give it the same value in both`;
    return [locateProblem({ path: ["state", key], text }, cluster.source.locate)];
  });
}

function otherBootstrap(cluster: Cluster, owner: Cluster): Diagnostic[] {
  const [own, others] = [cluster.config, owner.config];
  const there = formatLocation(owner.source.locate(["bootstrap"]));
  const problem = (path: readonly string[], text: string) => [
    locateProblem({ path, text }, cluster.source.locate),
  ];
  const isDescribed = cluster.resolved.input.bootstrap !== undefined;
  if (isDescribed && !isSame(own.bootstrap, others.bootstrap)) {
    const text = `is not the same as in ${there}, and there is one for all clusters; keep it in one of the files`;
    return problem(["bootstrap"], text);
  }
  if (isSame(own.state.encryption, others.state.encryption)) return [];
  const text = `is not the same as in ${formatLocation(owner.source.locate(["state", "encryption"]))}, so it is open which of them the state of the bootstrap has; write bootstrap: in one of the files`;
  return problem(["state", "encryption"], text);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
