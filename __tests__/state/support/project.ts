import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StateBackend } from "../../../config";
import type { StackName } from "../../../config/state-places";
import { newLock } from "../../../state/lock-info";
import { LockedError } from "../../../state/problem";
import { loadSetting, type Setting, storeOf } from "../../../state/setting";
import type { StateStore } from "../../../state/store";
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
