import { readFileSync } from "node:fs";
import { checkCluster, findNotes, findWarnings } from "./checks";
import type { ClusterConfig } from "./cluster-config";
import { type ClusterSource, joinSources } from "./cluster-source";
import { ConfigError } from "./config-error";
import { type Diagnostic, formatDiagnostic, formatLocation, locateProblem, type Problem } from "./diagnostic";
import { type ConfigEnvironment, readEnvironment, type StateOverrides } from "./environment";
import { formatPath, type Path, valueAt } from "./path";
import { type ResolvedCluster, resolveCluster } from "./resolve-cluster";
import { salvage } from "./salvage";
import { clusterSchema } from "./schema/cluster";
import { findUnknownKeys } from "./unknown-keys";
import { YamlSource } from "./yaml-source";
import { describeIssue, toProblems } from "./zod-issues";

/** The files of a cluster, and the environment. */
export interface LoadClusterProps {
  /** Path of `cluster.yaml`. */
  readonly clusterFile: string;
  /** Path of `nodes.yaml`. @default - everything is in `clusterFile` */
  readonly nodesFile?: string;
  /** Variables that override settings of the files; `process.env` fits. @default - nothing is overridden */
  readonly env?: ConfigEnvironment;
}

export interface ParseClusterProps {
  readonly cluster: NamedText;
  /** @default - everything is in `cluster` */
  readonly nodes?: NamedText;
  /** @default - nothing is overridden */
  readonly env?: ConfigEnvironment;
}

/** The bytes of a file, and its name for messages. */
export interface NamedText {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** A cluster whose files have no mistakes. */
export interface LoadedCluster {
  /** The configuration, with all defaults filled in. */
  readonly config: ClusterConfig;
  /** One line each. The cluster works in spite of them. */
  readonly warnings: readonly string[];
  /** One line each: what the program chose where the files leave it open, and a user should see. */
  readonly notes: readonly string[];
}

/**
 * Reads the files of a cluster, checks them, and fills in the defaults.
 *
 * @throws ConfigError with everything that is wrong, one line each.
 */
export function loadCluster({ clusterFile, nodesFile, env }: LoadClusterProps): LoadedCluster {
  return parseCluster({
    cluster: readNamed(clusterFile),
    nodes: nodesFile === undefined ? undefined : readNamed(nodesFile),
    env,
  });
}

/**
 * `loadCluster` for files that were read already.
 *
 * @throws ConfigError with everything that is wrong, one line each.
 */
export function parseCluster({ cluster, nodes, env = {} }: ParseClusterProps): LoadedCluster {
  const source = parseSources(cluster, nodes);
  const { overrides, refused, diagnostics } = readEnvironment(env);
  const unknown = findUnknownKeys(source.data);
  const broken = [...source.repeated, ...refused, ...unknown.meant];
  const { problems, checked } = checkData(source.data, overrides, broken);

  const found = [...unknown.mistakes, ...problems].map((problem) => locateProblem(problem, source.locate));
  const all = [...source.diagnostics, ...diagnostics, ...found];
  if (all.length > 0 || checked === undefined) throw new ConfigError(all);
  const toLines = (problems: readonly Problem[]) =>
    problems.map((problem) => formatDiagnostic(locateProblem(problem, source.locate)));
  return {
    config: checked.config,
    warnings: [...ignoredKeys(unknown.ignored, source), ...toLines(findWarnings(checked))],
    notes: toLines(findNotes(checked)),
  };
}

function readNamed(file: string): NamedText {
  try {
    return { file, bytes: readFileSync(file) };
  } catch (error) {
    const [, code, cause] = /(E[A-Z]+): ([^,]+),/.exec(String(error)) ?? [];
    const reason = code === undefined ? String(error) : `${cause} (${code})`;
    throw new ConfigError([
      { at: { file }, text: `the file cannot be read: ${reason}; check its path and permissions` },
    ]);
  }
}

/** Parses both files, so that the mistakes of both are reported. */
function parseSources(cluster: NamedText, nodes: NamedText | undefined): ClusterSource {
  const diagnostics: Diagnostic[] = [];
  const parse = ({ file, bytes }: NamedText) => {
    try {
      return YamlSource.parse(file, bytes);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      diagnostics.push(...error.diagnostics);
      return undefined;
    }
  };
  const clusterSource = parse(cluster);
  const nodesSource = nodes === undefined ? undefined : parse(nodes);
  if (clusterSource === undefined || diagnostics.length > 0) throw new ConfigError(diagnostics);
  return joinSources(clusterSource, nodesSource);
}

interface Checked {
  readonly problems: readonly Problem[];
  /** Undefined if the data does not match the schema. */
  readonly checked?: ResolvedCluster;
}

/** @param broken paths of values that were refused already */
function checkData(data: ClusterSource["data"], overrides: StateOverrides, broken: readonly Path[]): Checked {
  const isNamed = (path: Path) => valueAt(data, path) !== undefined;
  const parsed = clusterSchema.safeParse(data, { error: describeIssue });
  if (parsed.success) {
    const checked = resolveCluster(parsed.data, overrides, isNamed, broken);
    return { problems: checkCluster(checked), checked };
  }
  const problems = toProblems(parsed.error, data);
  const salvaged = salvage(data, parsed.error);
  if (salvaged === undefined) return { problems };
  const rest = resolveCluster(salvaged.input, overrides, isNamed, [...broken, ...salvaged.broken]);
  return { problems: [...problems, ...checkCluster(rest)] };
}

/** One warning for all ignored keys. */
function ignoredKeys(keys: readonly Path[], source: ClusterSource): string[] {
  if (keys.length === 0) return [];
  const [first = []] = keys;
  const names = keys.map(formatPath).join(", ");
  return [`${formatLocation(source.locate(first))}: not used by this program, ignored: ${names}`];
}
