import { join } from "node:path";
import { lossProblem } from "../domain/etcd";
import { displayPath } from "../process/display-path";
import { step } from "../process/step";
import { snapshotName } from "../talos/change/safety-snapshot";
import type { Credentials } from "./cluster";
import type { Command } from "./command";
import { type Chapter, chaptersLeft, type Life, nextRelease } from "./life";
import type { DemoProject } from "./project";

export interface LifeProps {
  readonly project: DemoProject;
  readonly credentials: Credentials;
  /** Whether there is a Kubernetes API, so that nodes can be drained. */
  readonly hasKubernetes: boolean;
  /** The environment of the commands, which names the nodes that there are. */
  readonly env: () => NodeJS.ProcessEnv;
  readonly command: Command;
  /** Carries out what the files say. */
  readonly deploy: () => Promise<void>;
  /** The folder for snapshots of etcd. */
  readonly folder: string;
}

/**
 * Shows what a cluster goes through: a worker is added, Talos is upgraded on all nodes, and the worker is removed. After an interrupted
 * run, it goes on from there.
 * @throws the error of the step that failed
 */
export async function showLife(props: LifeProps): Promise<void> {
  for (const chapter of chaptersLeft(props.project.life)) await CHAPTERS[chapter](props);
}

const CHAPTERS: Readonly<Record<Chapter, (props: LifeProps) => Promise<void>>> = {
  health,
  add,
  upgrade,
  remove,
};

const UNHEALTHY = 2;
/** `remove-node` refuses a node that does not answer, unless it is called lost. */
const REFUSED = 3;

function health({ command, env, hasKubernetes, credentials }: LifeProps): Promise<void> {
  const args = hasKubernetes ? [] : ["--no-kubernetes"];
  const run = { name: "health", args, files: filesOf(credentials), env: env(), accept: [0, UNHEALTHY] };
  return command(run, (code, { result }) =>
    result(code === UNHEALTHY ? "something is not as it should be; see logs/health.log" : "healthy"),
  );
}

async function add({ project, deploy }: LifeProps): Promise<void> {
  const isAdded = await step("Add a worker", async ({ result }) => {
    try {
      const worker = project.worker();
      project.life = { ...project.life, worker };
      result(`${worker.name} at ${worker.address}, a new entry in ${displayPath(project.fileOfNodes)}`);
      return true;
    } catch (error) {
      const [reason = ""] = (error as Error).message.split("\n");
      result(`left out, since there is no place for one more in this cluster: ${reason}`);
      return false;
    }
  });
  if (isAdded) await deploy();
}

async function upgrade(props: LifeProps): Promise<void> {
  const { project, command, credentials, env, folder } = props;
  const { talosVersion } = project.life;
  const release = project.life.upgradeTo ?? nextRelease(talosVersion, project.wantedRelease);
  await step("Choose a release", async ({ result }) => {
    project.life = { ...project.life, upgradeTo: release };
    result(`talos_version: ${release} in ${displayPath(project.clusterFile)}, after ${talosVersion}`);
  });
  const { nodes, clusterName } = project.config;
  const controlPlanes = nodes.filter(({ role }) => role === "controlplane");
  const outage = lossProblem(controlPlanes.length) === undefined ? [] : ["--allow-outage"];
  const args = [...drainOf(props), ...outage];
  const snapshot = join(folder, snapshotName(clusterName, new Date()));
  const files = [...filesOf(credentials), "--snapshot", snapshot];
  await command({ name: "upgrade", args, files, env: env() }, (_, { result }) =>
    result(`${nodes.length} nodes run Talos ${release}`),
  );
  const { worker } = project.life;
  project.life = { talosVersion: release, ...(worker && { worker, isLeaving: true }) };
}

async function remove(props: LifeProps): Promise<void> {
  const { project, command, credentials, env, deploy } = props;
  const { worker, ...rest } = project.life;
  if (worker) {
    const { name } = worker;
    const args = [name, "--yes", name, ...drainOf(props), "--no-deploy"];
    const files = filesOf(credentials);
    const gone = `${name} is wiped, and gone from ${displayPath(project.fileOfNodes)}`;
    let isRefused = false;
    await command(
      { name: "remove-node", args, files, env: env(), accept: [0, REFUSED] },
      (code, { result }) => {
        isRefused = code === REFUSED;
        result(isRefused ? `refused; see logs/remove-node.log` : gone);
      },
    );
    // An interrupted run may have wiped it.
    if (isRefused) {
      await command({ name: "remove-node", args: [...args, "--lost"], files, env: env() }, (_, { result }) =>
        result(gone),
      );
    }
    project.life = withoutLeaving(rest);
  }
  await deploy();
}

const withoutLeaving = ({ isLeaving: _, ...life }: Life): Life => life;

const filesOf = ({ talosconfig, kubeconfig }: Credentials) => [
  "--talosconfig",
  talosconfig,
  "--kubeconfig",
  kubeconfig,
];

const drainOf = ({ hasKubernetes }: LifeProps) => (hasKubernetes ? [] : ["--no-drain"]);
