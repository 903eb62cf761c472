import { readFileSync } from "node:fs";
import { checkCluster, findNotes, findWarnings } from "./checks";
import { type ClusterSource, joinSources } from "./cluster-source";
import { ConfigError } from "./config-error";
import { type Diagnostic, formatDiagnostic, formatLocation, locateProblem, type Problem } from "./diagnostic";
import { readEnvironment } from "./environment";
import type { LoadClusterProps, LoadedCluster, NamedText, ParseClusterProps } from "./loaded-cluster";
import { type ReadFile, readPatchFiles } from "./patch-files";
import { formatPath, isMapping, type Path } from "./path";
import { type Origin, type ResolvedCluster, resolveCluster } from "./resolve-cluster";
import { salvage } from "./salvage";
import { clusterSchema } from "./schema/cluster";
import { findUnknownKeys } from "./unknown-keys";
import { YamlSource } from "./yaml-source";
import { describeIssue, toProblems } from "./zod-issues";

/** A loaded cluster, with what its files say, and where. */
export interface SourcedCluster extends LoadedCluster {
  readonly resolved: ResolvedCluster;
  readonly source: ClusterSource;
}

/** @throws ConfigError with everything that is wrong, one line each. */
export function loadWithSource({ clusterFile, nodesFile, ...props }: LoadClusterProps): SourcedCluster {
  return parseWithSource({
    cluster: readNamed(clusterFile),
    nodes: nodesFile === undefined ? undefined : readNamed(nodesFile),
    readFile: readFileSync,
    ...props,
  });
}

/** @throws ConfigError with everything that is wrong, one line each. */
export function parseWithSource({
  cluster,
  nodes,
  name,
  env = {},
  readFile = noFile,
}: ParseClusterProps): SourcedCluster {
  const source = parseSources(cluster, nodes);
  const { overrides, refused, diagnostics } = readEnvironment(env);
  const unknown = findUnknownKeys(source.data);
  const broken = [...source.repeated, ...refused, ...unknown.meant];
  const patches = readPatchFiles(source, readFile);
  const { problems, checked } = checkData({
    data: withDefaultsOf(name, source.data),
    overrides,
    broken,
    readPatches: patches.read,
  });

  const found = [...unknown.mistakes, ...problems, ...patches.problems].map((problem) =>
    locateProblem(problem, source.locate),
  );
  const all = [...source.diagnostics, ...diagnostics, ...patches.diagnostics, ...found];
  if (all.length > 0 || checked === undefined) throw new ConfigError(all);
  const toLines = (problems: readonly Problem[]) =>
    problems.map((problem) => formatDiagnostic(locateProblem(problem, source.locate)));
  return {
    config: checked.config,
    warnings: [...ignoredKeys(unknown.ignored, source), ...toLines(findWarnings(checked))],
    notes: toLines(findNotes(checked)),
    resolved: checked,
    source,
  };
}

/** One cluster of several has a name and states of its own, where its file does not say otherwise. */
function withDefaultsOf(name: string | undefined, data: ClusterSource["data"]): ClusterSource["data"] {
  if (name === undefined) return data;
  const { state = {} } = data;
  return {
    cluster_name: name,
    ...data,
    state: isMapping(state)
      ? { key: `proxmox/${name}.tfstate`, path: `terraform.${name}.tfstate`, ...state }
      : state,
  };
}

const noFile: ReadFile = () => {
  throw new Error("ENOENT");
};

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

function checkData(origin: Origin): Checked {
  const { data, broken } = origin;
  const parsed = clusterSchema.safeParse(data, { error: describeIssue });
  if (parsed.success) {
    const checked = resolveCluster(parsed.data, origin);
    return { problems: checkCluster(checked), checked };
  }
  const problems = toProblems(parsed.error, data);
  const salvaged = salvage(data, parsed.error);
  if (salvaged === undefined) return { problems };
  const rest = resolveCluster(salvaged.input, { ...origin, broken: [...broken, ...salvaged.broken] });
  return { problems: [...problems, ...checkCluster(rest)] };
}

/** One warning for all ignored keys. */
function ignoredKeys(keys: readonly Path[], source: ClusterSource): string[] {
  if (keys.length === 0) return [];
  const [first = []] = keys;
  const names = keys.map(formatPath).join(", ");
  return [`${formatLocation(source.locate(first))}: not used by this program, ignored: ${names}`];
}
