import { Document, isMap, isSeq, parseDocument, type YAMLMap } from "yaml";
import { TalosError } from "./errors";

/* Contexts of one cluster go into the user's own file, and everything else in it stays as it is, comments too. */

export interface MergeResult {
  readonly text: string;
  /** The context of the cluster in the file. */
  readonly context: string;
}

export interface MergeProps {
  /** Text of the user's file; undefined if there is none. */
  readonly existing: string | undefined;
  /** Path of that file, for errors. */
  readonly path: string;
  /** Text of the cluster's own config. */
  readonly added: string;
  /** Whether what has the same name and is another cluster's may be replaced. */
  readonly replace: boolean;
  /** Whether the cluster's context becomes the current one. It does where there is none. */
  readonly use: boolean;
}

/** @throws TalosError if the file cannot be read, or has another cluster of that name */
export function mergeKubeconfig(props: MergeProps): MergeResult {
  const added = parseDocument(props.added).toJS() as Kubeconfig;
  const target = targetOf(props, { apiVersion: "v1", kind: "Config" });
  const context = added["current-context"];
  const isOurs = added.clusters.every(({ name, cluster }) => {
    const before = entryNamed(target, "clusters", name)?.toJSON() as Kubeconfig["clusters"][0] | undefined;
    return before?.cluster?.[CA] === cluster[CA];
  });
  for (const list of ["clusters", "users", "contexts"] as const) {
    for (const entry of added[list]) {
      const before = entryNamed(target, list, entry.name);
      if (before && !isOurs && !props.replace)
        throw nameTaken(`${list.slice(0, -1)} ${entry.name}`, props.path);
      const entries = target.get(list);
      const node = target.createNode(entry);
      if (!isSeq(entries)) target.set(list, target.createNode([entry]));
      else if (before) entries.items[entries.items.indexOf(before)] = node;
      else entries.add(node);
    }
  }
  if (props.use || !target.get("current-context")) target.set("current-context", context);
  return { text: target.toString({ lineWidth: 0 }), context };
}

/** @throws TalosError if the file cannot be read, or has another cluster of that name */
export function mergeTalosconfig(props: MergeProps): MergeResult {
  const added = parseDocument(props.added).toJS() as Talosconfig;
  const target = targetOf(props, {});
  const { context } = added;
  const entry = added.contexts[context];
  const before = target.getIn(["contexts", context]);
  const ca = isMap(before) ? before.get("ca") : undefined;
  if (before !== undefined && ca !== entry?.ca && !props.replace)
    throw nameTaken(`context ${context}`, props.path);
  // An empty list or map of the user's file would stay in its style, on one line.
  if (!isMap(target.get("contexts"))) target.set("contexts", target.createNode({}));
  target.setIn(["contexts", context], target.createNode(entry));
  if (props.use || !target.get("context")) target.set("context", context);
  return { text: target.toString({ lineWidth: 0 }), context };
}

const CA = "certificate-authority-data";

interface Named {
  readonly name: string;
}
interface Kubeconfig {
  readonly clusters: readonly (Named & { readonly cluster: { readonly [CA]?: string } })[];
  readonly users: readonly Named[];
  readonly contexts: readonly Named[];
  readonly "current-context": string;
}
interface Talosconfig {
  readonly context: string;
  readonly contexts: Readonly<Record<string, { readonly ca: string }>>;
}

function targetOf({ existing, path }: MergeProps, empty: object): Document {
  if (!existing?.trim()) return new Document(empty);
  const target = parseDocument(existing);
  const [error] = target.errors;
  if (!error && isMap(target.contents)) return target;
  const why = error ? error.message.split("\n")[0] : "it is no map";
  throw new TalosError(
    `${path} cannot be merged into: ${why}; correct it, or write a file of its own with --out`,
  );
}

function entryNamed(target: Document, list: string, name: string): YAMLMap | undefined {
  const entries = target.get(list);
  const found = isSeq(entries) && entries.items.find((item) => isMap(item) && item.get("name") === name);
  return isMap(found) ? found : undefined;
}

const nameTaken = (what: string, path: string) =>
  new TalosError(
    `${path} has a ${what} that is another cluster's, by its CA; rename it there, write a file of its own with --out, or replace it with --replace`,
  );
