import type { Problem } from "./diagnostic";
import type { Path } from "./path";

/*
 * The nodes of a pool have no place of their own in the file. Their path leads through the pool to their name, and on to the key
 * of a node: `["node_pools", 0, "worker-12", "address"]`. No key of a pool ends in `-` and a number.
 */

/** The keys of a node that are made of another key of its pool. All others have the same name in both. */
const POOL_KEYS: Readonly<Record<string, string>> = {
  address: "first_address",
  vm_id: "first_vm_id",
  proxmox_node: "hosts",
};
/** The keys whose value is not the same for all nodes of the pool. */
const OWN_KEYS: ReadonlySet<unknown> = new Set(["name", "address", "vm_id", "renamed_from"]);

export function instancePath(pool: Path, name: string): Path {
  return [...pool, name];
}

/** The key of the file that a key of an instance comes from. Any other path is returned as it is. */
export function keyOfInstance(path: Path): Path {
  const [list, index = 0, name, key, ...rest] = path;
  if (list !== "node_pools" || !isInstance(name)) return path;
  if (key === undefined) return [list, index];
  return [list, index, POOL_KEYS[key] ?? key, ...rest];
}

/**
 * Reports problems of the nodes of a pool at the key in the file, with the name of the node if that matters. A mistake that repeats
 * itself in further nodes is reported once.
 */
export function mergeInstanceProblems(problems: readonly Problem[]): Problem[] {
  const kinds = new Map<unknown, Problem[]>();
  for (const problem of problems) {
    const kind = kindOf(problem);
    const same = kinds.get(kind);
    if (same === undefined) kinds.set(kind, [problem]);
    else same.push(problem);
  }
  return [...kinds.values()].flatMap(tell);
}

/** A problem of its own, unless it differs from another one only in what two instances of a pool differ in. */
function kindOf(problem: Problem): unknown {
  const { path, text } = problem;
  if (!isInstance(path[2])) return problem;
  return JSON.stringify([keyOfInstance(path), isOwn(path) ? text.replace(/"[^"]*"|\S*\d\S*/g, "…") : text]);
}

function tell([first, ...more]: readonly Problem[]): Problem[] {
  if (first === undefined) return [];
  const path = keyOfInstance(first.path);
  if (path === first.path || !isOwn(first.path)) return [{ ...first, path }];
  const last = more.at(-1)?.path[2];
  const others = last === undefined ? "" : `; the same for ${more.length} more, up to ${last}`;
  return [{ path, text: `(${first.path[2]}) ${first.text}${others}` }];
}

function isOwn(path: Path): boolean {
  return OWN_KEYS.has(path[3]);
}

function isInstance(step: string | number | undefined): boolean {
  return typeof step === "string" && /-\d+$/.test(step);
}
