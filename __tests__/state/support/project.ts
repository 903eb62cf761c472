import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StateBackend } from "../../../config";
import { movableStacks, type StackName } from "../../../config/state-location";
import { LockedError } from "../../../state/errors";
import { newLock } from "../../../state/locks";
import { Migration } from "../../../state/migrate";
import { loadProject, type Project } from "../../../state/project";
import { openStackStore } from "../../../state/stack-store";
import type { StateStore } from "../../../state/store";
import { withLock } from "../../../state/with-lock";
import { VALID } from "../../config/support/cluster";

export interface StateProjectProps {
  readonly env: Readonly<Record<string, string>>;
  /** Lines of `state` in cluster.yaml. */
  readonly state: readonly string[];
}

/** A folder with a `cluster.yaml`, on some laptop. */
export class StateProject {
  readonly folder = mkdtempSync(join(tmpdir(), "state-"));
  readonly clusterFile = join(this.folder, "cluster.yaml");
  readonly env: Readonly<Record<string, string>>;

  constructor({ env, state }: StateProjectProps) {
    this.env = { ...env, CLUSTER_CONFIG: this.clusterFile };
    writeFileSync(
      this.clusterFile,
      `${VALID}state: # where it is\n${state.map((line) => `  ${line}\n`).join("")}`,
    );
  }

  /** What a command in this folder finds. */
  load(): Project {
    return loadProject(this.env, this.folder);
  }

  get backend(): StateBackend {
    return this.load().config.backend;
  }

  store(backend = this.backend, stack: StackName = "cluster"): StateStore {
    return openStackStore(this.load(), stack, backend);
  }

  /** The backends among these in which the cluster's state can be locked, and so be written. */
  async writable(...backends: readonly StateBackend[]): Promise<StateBackend[]> {
    const writable: StateBackend[] = [];
    for (const backend of backends) {
      const [store, lock] = [this.store(backend), newLock("probe")];
      try {
        await store.lock(lock);
        writable.push(backend);
        await store.unlock(lock);
      } catch (error) {
        if (!(error instanceof LockedError)) throw error;
      }
    }
    return writable;
  }

  yaml = () => readFileSync(this.clusterFile, "utf8");

  /** Sets `state.backend`, as somebody does by hand or with git. */
  setBackend(backend: StateBackend): void {
    writeFileSync(this.clusterFile, this.yaml().replace(/( backend: )\w+/, `$1${backend}`));
  }

  async write(backend: StateBackend, bytes: Buffer, stack: StackName = "cluster"): Promise<void> {
    const store = this.store(backend, stack);
    await withLock(store, "test", (lock) => store.write(bytes, lock));
  }

  /** The state; undefined where there is none. */
  text(backend: StateBackend, stack: StackName = "cluster"): Promise<string | undefined> {
    return textOf(this.store(backend, stack));
  }

  async migrate(to: StateBackend): Promise<void> {
    await Migration.runExclusive(this.load(), async () => (await Migration.plan(this.load(), to)).run());
  }

  /** Takes an interrupted migration back. @returns where the states are then, for people */
  abortMigration(): Promise<string> {
    return Migration.runExclusive(this.load(), () => Migration.resume(this.load()).undo());
  }

  /** Runs only the first steps of a migration: freeze, compare, copy, switch, open. */
  async interruptMigration(steps: number, to: StateBackend): Promise<void> {
    for (const { run } of (await Migration.plan(this.load(), to)).steps().slice(0, steps)) await run();
  }

  /** Opens the frozen states of all stacks that move, as `unfreeze` does. */
  async unfreeze(backend: StateBackend): Promise<void> {
    for (const stack of movableStacks) {
      const store = this.store(backend, stack);
      const holder = await store.holder();
      if (holder) await store.unfreeze(holder);
    }
  }

  /** Breaks the lock of the cluster's state, as `tofu force-unlock` does. */
  async breakLock(backend: StateBackend): Promise<void> {
    const store = this.store(backend);
    await store.breakLock((await store.holder())?.ID ?? "");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The state that a store has, as text; undefined where there is none. */
export async function textOf(store: StateStore): Promise<string | undefined> {
  const bytes = await store.read();
  return bytes && Buffer.from(bytes).toString();
}

/** A state as OpenTofu writes it; `content` makes the difference between two of one serial. */
export function stateOf(serial: number, { lineage = "7f0c7a52", content = "x", resources = 1 } = {}): Buffer {
  const resource = {
    mode: "managed",
    type: "terraform_data",
    name: "a",
    provider: 'provider["terraform.io/builtin/terraform"]',
    instances: [],
  };
  return Buffer.from(
    JSON.stringify({
      version: 4,
      terraform_version: "1.12.6",
      serial,
      lineage,
      outputs: { content: { value: content, type: "string" } },
      resources: Array.from({ length: resources }, () => resource),
      check_results: null,
    }),
  );
}

/** An encrypted state: only serial and lineage are in the clear. */
export function encryptedOf(serial: number, { lineage = "7f0c7a52", content = "x" } = {}): Buffer {
  const meta = { "key_provider.pbkdf2.main": "e30=" };
  const encrypted_data = Buffer.from(content).toString("base64");
  return Buffer.from(JSON.stringify({ serial, lineage, meta, encrypted_data, encryption_version: "v0" }));
}
