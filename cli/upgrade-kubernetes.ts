// `npm run upgrade-kubernetes -- VERSION`: brings Kubernetes to a release by talosctl, and only then the key in cluster.yaml.

import { statSync } from "node:fs";
import { z } from "zod";
import { kubernetesVersionEdit } from "../config/edit-kubernetes-version";
import { writeFileAtomic } from "../process/write-file-atomic";
import { KubernetesNodes } from "../talos/change/kubernetes-nodes";
import {
  kubernetesUpgradeProblems,
  kubernetesVersion,
  upgradeKubernetes,
} from "../talos/change/kubernetes-upgrade";
import { LiveCluster } from "../talos/change/live-cluster";
import { snapshotName, takeSnapshot } from "../talos/change/safety-snapshot";
import type { Cluster } from "../talos/cluster";
import { CallError } from "../talos/errors";
import { CHANGE_EXIT_CODES, EXIT, refused, seconds, withExclusiveRun } from "./change-command";
import { runTalosProgram, type TalosOptions, talosProgram } from "./talos-command";

interface Options extends TalosOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly timeout: number;
  readonly write: boolean;
  readonly snapshot?: string;
}

const program = talosProgram(
  "upgrade-kubernetes",
  "bring Kubernetes to a release, by talosctl upgrade-k8s: control planes first, then the kubelets, one after the other. only " +
    "then it writes talos.kubernetes_version in cluster.yaml. a snapshot of etcd is taken first",
  CHANGE_EXIT_CODES,
)
  .argument("<version>", "a release of Kubernetes, like v1.36.0")
  .option("--dry-run", "show what talosctl would do, and do nothing")
  .option("--json", "print one JSON document on stdout; progress is on stderr")
  .option("--no-write", "leave cluster.yaml as it is, and say which key to change")
  .option("--snapshot <file>", "where the snapshot of etcd goes (default: a new file in this folder)")
  .option("--timeout <seconds>", "how long all of it may take", seconds, 3600);
runTalosProgram("upgrade-kubernetes", program, upgrade);

async function upgrade(cluster: Cluster, options: Options): Promise<number> {
  const { dryRun = false, json, timeout } = options;
  const version = kubernetesVersion(program.args[0] ?? "");
  const api = await cluster.kubernetes();
  const nodes = new KubernetesNodes(api, { timeoutSeconds: 0, evictUnmanaged: false });
  const live = new LiveCluster(cluster, nodes);
  const facts = await live.facts();
  const apiVersion = z.object({ gitVersion: z.string() }).parse(await api.call("/version")).gitVersion;
  const kubelets = [...(facts.kubernetes?.values() ?? [])].map(({ name, kubeletVersion }) => ({
    name,
    kubeletVersion,
  }));
  const isPending = [apiVersion, ...kubelets.map(({ kubeletVersion }) => kubeletVersion)].some(
    (running) => running !== version,
  );
  const problems = isPending ? kubernetesUpgradeProblems(facts, { apiVersion, version }) : [];
  const report = { dryRun, version, apiVersion, nodes: kubelets, problems };
  const print = (more: object) => {
    if (json) console.log(JSON.stringify({ ...report, ...more }, null, 2));
  };
  if (problems.length > 0) {
    print({});
    return refused(problems);
  }
  const upgradeAndWrite = async () => {
    const snapshot =
      isPending && !dryRun
        ? (options.snapshot ?? snapshotName(cluster.config.clusterName, new Date()))
        : undefined;
    if (snapshot !== undefined) {
      await takeSnapshot(cluster, snapshot);
      console.error(`etcd: snapshot in ${snapshot}`);
    }
    if (isPending) {
      const onLine = (line: string) => console.error(line);
      try {
        await upgradeKubernetes(cluster, { version, dryRun, timeoutSeconds: timeout, onLine });
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        console.error(
          `stopped: ${error.message}\nfix that, then run the command again: it goes on from here`,
        );
        return EXIT.failed;
      }
    } else console.error(`Kubernetes ${version} runs everywhere already`);
    const key = changeKey(version, !dryRun && options.write);
    console.error(key.said);
    print({ ...(snapshot && { snapshot }), key: key.outcome });
    return dryRun && isPending ? EXIT.wouldChange : EXIT.done;
  };
  if (dryRun || !isPending) return upgradeAndWrite();
  const run = { command: "upgrade-kubernetes", signal: cluster.signal };
  return withExclusiveRun(
    live,
    run,
    (problem) => {
      print({ problems: [problem] });
      return refused([problem]);
    },
    upgradeAndWrite,
  );
}

/** Writes the key, or says what to write. */
function changeKey(version: string, write: boolean): { readonly outcome: string; readonly said: string } {
  const { file, at, text } = kubernetesVersionEdit(process.env, version);
  if (text === undefined || !write) {
    return {
      outcome: "to be written",
      said: `${at}: talos.kubernetes_version is to be ${version}: until then, a deploy would go back`,
    };
  }
  writeFileAtomic(file, text, statSync(file).mode & 0o777);
  return { outcome: "written", said: `${at}: talos.kubernetes_version is ${version} now` };
}
