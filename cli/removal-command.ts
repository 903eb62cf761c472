import { statSync } from "node:fs";
import type { Command } from "commander";
import type { FileEdit } from "../config/edit-kubernetes-version";
import { confirm } from "../process/confirm";
import { writeFileAtomic } from "../process/write-file-atomic";
import type { NodeFacts } from "../talos/change/facts";
import type { LiveCluster } from "../talos/change/live-cluster";
import { liveRemoval } from "../talos/change/live-removal";
import {
  isControlPlaneNode,
  type Removal,
  removalProblems,
  removalSteps,
  removeNode,
} from "../talos/change/remove";
import { snapshotName, takeSnapshot } from "../talos/change/safety-snapshot";
import type { Cluster } from "../talos/cluster";
import { TalosError } from "../talos/errors";
import {
  addDrainOptions,
  type ChangeOptions,
  EXIT,
  factsOf,
  liveCluster,
  refused,
  seconds,
  withExclusiveRun,
} from "./change-command";
import { type TalosOptions, talosProgram } from "./talos-command";

/* What `npm run remove-node` and `npm run replace-node` have in common. */

export interface RemovalOptions
  extends TalosOptions,
    Pick<ChangeOptions, "drain" | "drainTimeout" | "evictUnmanaged"> {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly yes?: string;
  readonly timeout: number;
  readonly deploy: boolean;
  readonly snapshot?: string;
}

export function removalProgram(name: string, description: string): Command {
  return addDrainOptions(
    talosProgram(
      name,
      description,
      "0 done; 1 stopped at a failure, or not confirmed (run it again to go on); 2 with --dry-run: it would be done; " +
        "3 refused, because etcd would lose its quorum or the node is not what you said it is",
    ),
  )
    .argument("<node>", "the name of the node")
    .option("--yes <name>", "the name of the node again, instead of typing it on the terminal")
    .option("--dry-run", "show what would be done, and do nothing")
    .option("--json", "print one JSON document on stdout; progress is on stderr")
    .option("--no-deploy", "stop before the VM, and say how to go on")
    .option("--snapshot <file>", "where the snapshot of etcd goes (default: a new file in this folder)")
    .option("--timeout <seconds>", "how long the node may take", seconds, 600);
}

export interface TakeOut {
  readonly command: "remove-node" | "replace-node";
  readonly removal: (isLost: boolean) => Removal;
  /** What stands against what comes after it, found out before anything is touched. @default - nothing can */
  readonly laterProblems?: () => Promise<readonly string[]>;
  /** What happens to the VM after that, for the user to read. */
  readonly afterwards: string;
}

/** What came of it. */
export interface TakenOut {
  /** Undefined where the node was taken out. */
  readonly code?: number;
  readonly report: {
    readonly node: string;
    readonly dryRun: boolean;
    readonly problems: readonly string[];
    readonly steps: readonly string[];
    readonly snapshot?: string;
  };
}

/** Takes a node out of Talos, etcd and Kubernetes, after its name was typed. Its VM stays. */
export async function takeOut(
  cluster: Cluster,
  name: string,
  options: RemovalOptions,
  { command, removal, laterProblems, afterwards }: TakeOut,
): Promise<TakenOut> {
  const { dryRun = false } = options;
  if (options.yes !== undefined && options.yes !== name) {
    throw new TalosError(`--yes ${options.yes} is not the name of the node; write --yes ${name}`);
  }
  const live = await liveCluster(cluster, options);
  const facts = await factsOf(live);
  const wanted = removal(facts.facts.get(name)?.error !== undefined);
  const problems = [...protectionProblems(cluster, name), ...removalProblems(facts, wanted)];
  const steps = [...removalSteps(wanted, facts), afterwards];
  const report = { node: name, dryRun, problems, steps };
  if (problems.length > 0) return { code: refused(problems), report };
  const refuse = (reasons: readonly string[]): TakenOut => ({
    code: refused(reasons),
    report: { ...report, problems: reasons },
  });
  const later = (await laterProblems?.()) ?? [];
  if (later.length > 0) return refuse(later);
  console.error(`${name}:\n${steps.map((each) => `  ${each}`).join("\n")}`);
  if (dryRun) return { code: EXIT.wouldChange, report };
  if (options.yes === undefined) {
    const isTyped = await confirm("Type the name of the node to go on.", {
      expected: name,
      signal: cluster.signal,
    });
    if (isTyped === undefined) {
      throw new TalosError(`there is no terminal to type the name of the node on; pass --yes ${name}`);
    }
    if (!isTyped) {
      console.error("nothing was touched");
      return { code: EXIT.failed, report };
    }
  }
  const run = { command, signal: cluster.signal };
  return withExclusiveRun(
    live,
    run,
    (problem) => refuse([problem]),
    async () => {
      // While the name was typed, or another run was waited for, the cluster may have changed.
      const now = await factsOf(live);
      const since = removalProblems(now, wanted);
      if (since.length > 0) return refuse(since);
      const own = now.facts.get(name) ?? {};
      return removeAfterSnapshot(cluster, live, { wanted, own, report }, options);
    },
  );
}

interface Approved {
  readonly wanted: Removal;
  /** What the node says of itself now. */
  readonly own: NodeFacts;
  readonly report: TakenOut["report"];
}

async function removeAfterSnapshot(
  cluster: Cluster,
  live: LiveCluster,
  { wanted, own, report }: Approved,
  { snapshot: path, timeout }: RemovalOptions,
): Promise<TakenOut> {
  const snapshot = isControlPlaneNode(wanted)
    ? (path ?? snapshotName(cluster.config.clusterName, new Date()))
    : undefined;
  if (snapshot !== undefined) {
    await takeSnapshot(cluster, snapshot, wanted.node.name);
    console.error(`etcd: snapshot in ${snapshot}`);
  }
  const reported = { ...report, ...(snapshot && { snapshot }) };
  try {
    await removeNode(liveRemoval(cluster, live, wanted, timeout), wanted, own, {
      timeoutSeconds: timeout,
      signal: cluster.signal,
      say: console.error,
    });
  } catch (error) {
    cluster.signal.throwIfAborted();
    console.error(
      `stopped: ${(error as Error).message}\nfix that, then run the command again: what is done is skipped`,
    );
    return { code: EXIT.failed, report: reported };
  }
  // What comes next destroys the VM.
  cluster.signal.throwIfAborted();
  return { report: reported };
}

function protectionProblems({ config }: Cluster, name: string): readonly string[] {
  const isProtected = config.nodes.some((node) => node.name === name && node.protection);
  return isProtected ? [`${name} has protection: true; set it to false and run npm run deploy first`] : [];
}

/** Prints the JSON that was asked for. @param deploy what became of the deploy @default - there was none */
export function printReport(
  { json }: RemovalOptions,
  report: TakenOut["report"],
  deploy?: "to be done" | "done" | "failed",
): void {
  if (json) console.log(JSON.stringify({ ...report, ...(deploy && { deploy }) }, null, 2));
}

/** Writes a file of the user as it is to be. */
export function writeEdit({ file, text }: Pick<FileEdit, "file" | "text">): void {
  if (text !== undefined) writeFileAtomic(file, text, statSync(file).mode & 0o777);
}
