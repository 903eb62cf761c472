import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StateBackend } from "../../../config";
import { movableStacks, type StackName } from "../../../config/state-location";
import { newLock } from "../../../state/lock-info";
import { Migration } from "../../../state/migrate";
import { LockedError } from "../../../state/problem";
import { loadSetting, type Setting, storeOf } from "../../../state/setting";
import type { StateStore } from "../../../state/store";
import { underLock } from "../../../state/under-lock";
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

  get setting(): Setting {
    return { ...loadSetting(this.env, this.folder), folder: this.folder };
  }

  store(backend: StateBackend, stack: StackName = "cluster"): StateStore {
    return storeOf(this.setting, stack, backend);
  }

  /** Who can write where: what the whole thing is about. */
  async writable(...backends: readonly StateBackend[]): Promise<StateBackend[]> {
    const open: StateBackend[] = [];
    for (const backend of backends) {
      const [store, lock] = [this.store(backend), newLock("probe")];
      try {
        await store.lock(lock);
        open.push(backend);
        await store.unlock(lock);
      } catch (error) {
        if (!(error instanceof LockedError)) throw error;
      }
    }
    return open;
  }

  yaml = () => readFileSync(this.clusterFile, "utf8");

  /** As somebody does by hand, or with git. */
  setBackend(backend: StateBackend): void {
    writeFileSync(this.clusterFile, this.yaml().replace(/( backend: )\w+/, `$1${backend}`));
  }

  async write(backend: StateBackend, bytes: Buffer, stack: StackName = "cluster"): Promise<void> {
    const store = this.store(backend, stack);
    await underLock(store, "test", (lock) => store.write(bytes, lock));
  }

  async text(backend: StateBackend): Promise<string | undefined> {
    const bytes = await this.store(backend).read();
    return bytes && Buffer.from(bytes).toString();
  }

  async migrate(to: StateBackend): Promise<void> {
    await Migration.alone(this.setting, async () => (await Migration.plan(this.setting, to)).run());
  }

  /** What a migration leaves that is killed after some of its steps: close, check, copy, switch, open. */
  async migrateFor(steps: number, to: StateBackend): Promise<void> {
    for (const { run } of (await Migration.plan(this.setting, to)).steps().slice(0, steps)) await run();
  }

  /** Opens the places of all stacks, as `unfreeze` does. */
  async open(backend: StateBackend): Promise<void> {
    for (const stack of movableStacks) {
      const store = this.store(backend, stack);
      const holder = await store.holder();
      if (holder) await store.thaw(holder);
    }
  }

  /** Breaks the lock of a place, as `tofu force-unlock` does. */
  async breakLock(backend: StateBackend): Promise<void> {
    const store = this.store(backend);
    await store.breakLock((await store.holder())?.ID ?? "");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
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

/** An encrypted state: serial and lineage are all that can be read. */
export function encryptedOf(serial: number, { lineage = "7f0c7a52", content = "x" } = {}): Buffer {
  const meta = { "key_provider.pbkdf2.main": "e30=" };
  const encrypted_data = Buffer.from(content).toString("base64");
  return Buffer.from(JSON.stringify({ serial, lineage, meta, encrypted_data, encryption_version: "v0" }));
}
