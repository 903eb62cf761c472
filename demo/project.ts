import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { type Document, isScalar, isSeq, parseDocument, visit } from "yaml";
import { type ClusterConfig, type LoadedFromEnv, loadFromEnv } from "../config";
import { JsonFile } from "../stand-ins/json-file";
import type { Life } from "./life";
import { nextWorker, type WorkerEntry, type WrittenNodes } from "./next-worker";

/**
 * A copy of the user's `cluster.yaml` and `nodes.yaml`, which is changed as a user would change them. The user's own files stay as they
 * are. Beside it is a note of how far the cluster has come.
 */
export class DemoProject {
  readonly clusterFile: string;
  readonly nodesFile: string;
  private readonly note: JsonFile<Life>;
  private current: Life;

  /** @param env for what the configuration reads of the environment */
  constructor(
    readonly folder: string,
    private readonly source: LoadedFromEnv,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    mkdirSync(folder, { recursive: true });
    this.clusterFile = join(folder, "cluster.yaml");
    this.nodesFile = join(folder, "nodes.yaml");
    this.note = new JsonFile(join(folder, "life.json"), "another cluster");
    this.current = this.note.load() ?? { talosVersion: source.config.talosVersion };
    this.write();
  }

  get life(): Life {
    return this.current;
  }

  /** Notes how far the cluster has come, and changes the files accordingly. */
  set life(life: Life) {
    this.current = life;
    this.note.save(life);
    this.write(life.worker, life.upgradeTo);
  }

  /** As the files are now. @throws ConfigError */
  get config(): ClusterConfig {
    return loadFromEnv({ env: { ...this.env, CLUSTER_CONFIG: this.clusterFile } }).config;
  }

  /** The file that `nodes` is in. */
  get fileOfNodes(): string {
    const { cluster, nodes } = this.documents();
    return nodes && !cluster.has("nodes") ? this.nodesFile : this.clusterFile;
  }

  /** The `talos_version` of the user's file. */
  get wantedRelease(): string {
    return this.source.config.talosVersion;
  }

  /** The worker that was added, or that can be. @throws where none can be */
  worker(): WorkerEntry {
    if (this.current.worker) return this.current.worker;
    const entry = nextWorker(this.config, written(this.documents()));
    this.configWith(entry);
    return entry;
  }

  /** What the files say with this worker. Nothing stays changed. @throws where it cannot be added */
  configWith(worker: WorkerEntry): ClusterConfig {
    try {
      this.write(worker);
      return this.config;
    } finally {
      this.write();
    }
  }

  /** An upgrade that was interrupted is none before it is continued: no deploy is to do a part of it. */
  private write(worker = this.current.worker, release = this.current.talosVersion): void {
    const { cluster, nodes } = this.documents();
    (nodes?.has("talos_version") ? nodes : cluster).set("talos_version", release);
    if (worker) addNode(nodes && !cluster.has("nodes") ? nodes : cluster, worker);
    save(this.clusterFile, cluster);
    if (nodes) save(this.nodesFile, nodes);
    else if (existsSync(this.nodesFile)) rmSync(this.nodesFile);
  }

  /** The user's files. */
  private documents(): { readonly cluster: Document; readonly nodes?: Document } {
    const { clusterFile, nodesFile } = this.source;
    return { cluster: open(clusterFile), ...(nodesFile && { nodes: open(nodesFile) }) };
  }
}

/** Files with patches are named relative to the file that names them. */
function open(file: string): Document {
  const document = parseDocument(readFileSync(file, "utf8"), { merge: true });
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || key.value !== "patches" || !isSeq(value)) return;
      for (const name of value.items) {
        if (!isScalar(name) || typeof name.value !== "string" || isAbsolute(name.value)) continue;
        name.value = resolve(dirname(file), name.value);
      }
    },
  });
  return document;
}

function addNode(document: Document, node: WorkerEntry): void {
  if (document.has("nodes")) document.addIn(["nodes"], node);
  else document.set("nodes", [node]);
}

/** The editor's schema is named relative to the file, too. */
function save(file: string, document: Document): void {
  writeFileSync(file, document.toString({ lineWidth: 0 }).replace(/^# yaml-language-server:.*\n/m, ""));
}

function written({
  cluster,
  nodes,
}: {
  readonly cluster: Document;
  readonly nodes?: Document;
}): WrittenNodes {
  return { ...nodes?.toJS(), ...cluster.toJS() };
}
