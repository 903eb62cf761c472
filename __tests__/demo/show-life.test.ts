import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeEdit } from "../../cli/removal-command";
import { loadFromEnv } from "../../config";
import { nodeRemoval } from "../../config/edit-nodes";
import type { Command } from "../../demo/command";
import { chaptersLeft, nextRelease } from "../../demo/life";
import { DemoProject } from "../../demo/project";
import { showLife } from "../../demo/show-life";
import { SMALL_NODES, writeSmallProject } from "./support/small-project";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "demo-life-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const env = { STATE_BACKEND: "local" };

/** Runs of `npm start` on one folder, whose cluster is a model. */
class Runs {
  /** The nodes that there are, with the release that each runs; undefined once it is wiped. */
  readonly nodes = new Map<string, string | undefined>();
  readonly done: string[] = [];

  /** @param stopAt ends the run before this event has its effect, or after it */
  async next(stopAt = "", when: "before" | "after" = "before"): Promise<void> {
    const user = writeSmallProject(join(folder, "user"), SMALL_NODES);
    const source = loadFromEnv({ env: { ...env, CLUSTER_CONFIG: user } });
    const project = new DemoProject(join(folder, "cluster"), source, env);
    const event = async (name: string, effect: () => void) => {
      if (name === stopAt && when === "before") throw new Error("killed");
      effect();
      this.done.push(name);
      if (name === stopAt) throw new Error("killed");
    };
    const deploy = (name: string) => event(name, () => this.deploy(project));
    const command: Command = async ({ name, args }, then) => {
      let code = 0;
      await event(name, () => {
        code = this.run(project, name, args);
      });
      then(code, { result: () => undefined, say: () => undefined, follow: () => undefined });
    };
    await deploy("first deploy");
    const credentials = { talosconfig: "talosconfig", kubeconfig: "kubeconfig" };
    let deploys = 0;
    await showLife({
      ...{ project, credentials, hasKubernetes: false, env: () => env, command, folder },
      deploy: () => deploy(`deploy ${++deploys}`),
    });
  }

  private deploy({ config, life: { talosVersion } }: DemoProject): void {
    const names = config.nodes.map(({ name }) => name);
    for (const name of this.nodes.keys()) if (!names.includes(name)) this.nodes.delete(name);
    for (const name of names) if (!this.nodes.has(name)) this.nodes.set(name, talosVersion);
  }

  private run({ config, clusterFile }: DemoProject, command: string, args: readonly string[]): number {
    if (command === "upgrade")
      for (const name of this.nodes.keys()) this.nodes.set(name, config.talosVersion);
    const [name = ""] = args;
    if (command !== "remove-node") return 0;
    if (this.nodes.get(name) === undefined && !args.includes("--lost")) return 3;
    this.nodes.set(name, undefined);
    writeEdit(nodeRemoval({ ...env, CLUSTER_CONFIG: clusterFile }, name));
    return 0;
  }
}

const all = (release: string) => new Map(["cp-1", "w-1"].map((name) => [name, release]));

test("a worker comes, all nodes are upgraded, the worker goes; and all again in the next run", async () => {
  const runs = new Runs();
  await runs.next();
  const life = ["health", "deploy 1", "upgrade", "remove-node", "deploy 2"];
  expect(runs.done).toEqual(["first deploy", ...life]);
  expect(runs.nodes).toEqual(all("v1.13.1"));
  await runs.next();
  expect(runs.done.slice(6)).toEqual(["first deploy", ...life]);
  expect(runs.nodes).toEqual(all("v1.13.2"));
});

test.each([
  ["before", "first deploy"],
  ["before", "health"],
  ["before", "deploy 1"],
  ["before", "upgrade"],
  ["after", "upgrade"],
  ["before", "remove-node"],
  ["after", "remove-node"],
  ["before", "deploy 2"],
] as const)("a run that is killed %s %s is continued by the next one", async (when, event) => {
  const runs = new Runs();
  await expect(runs.next(event, when)).rejects.toThrow("killed");
  await runs.next();
  // Once the worker has left, there is nothing to continue but a deploy, and the next life begins.
  expect(runs.nodes).toEqual(all(event === "deploy 2" ? "v1.13.2" : "v1.13.1"));
});

test("a continued run begins with the chapter that was interrupted", () => {
  const worker = { name: "w-2", address: "10.0.0.2" };
  const talosVersion = "v1.13.0";
  expect(chaptersLeft({ talosVersion })).toEqual(["health", "add", "upgrade", "remove"]);
  expect(chaptersLeft({ talosVersion, worker })).toEqual(["health", "upgrade", "remove"]);
  expect(chaptersLeft({ talosVersion, worker, upgradeTo: "v1.13.1" })).toEqual(["upgrade", "remove"]);
  expect(chaptersLeft({ talosVersion, worker, isLeaving: true })).toEqual(["remove"]);
});

test.each([
  ["v1.13.0", "v1.13.0", "v1.13.1"],
  ["v1.13.9", "v1.13.0", "v1.13.10"],
  ["v1.13.2", "v1.14.0", "v1.14.0"],
  ["v1.13.9", "v1.13.10", "v1.13.10"],
  ["v1.14.0-rc.1", "v1.14.0-rc.1", "v1.14.1"],
])("after %s with %s in the file comes %s", (running, wanted, next) => {
  expect(nextRelease(running, wanted)).toBe(next);
});
