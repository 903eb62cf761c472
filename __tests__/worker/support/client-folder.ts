import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endWithTests } from "../../support/end-with-tests";
import { QUICK_KEY_PROVIDER } from "../../support/quick-key";
import type { State } from "../conformance/client";

/** A part of `terraform { … }` that encrypts the state. */
export const encryption = `  encryption {
    key_provider "external" "quick" {
      command = ${JSON.stringify(QUICK_KEY_PROVIDER.external.quick.command)}
    }
    method "aes_gcm" "main" {
      keys = key_provider.external.quick
    }
    state {
      method = method.aes_gcm.main
    }
  }`;

export interface Ended {
  readonly exitCode: number | null;
  readonly all: string;
}

/** A folder with a configuration, and the client (OpenTofu or Terraform) that works in it. */
export class ClientFolder {
  constructor(
    readonly binary: string,
    readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  write(configuration: string): Promise<void> {
    return writeFile(join(this.folder, "main.tf"), configuration);
  }

  /** Starts the client; `child` can be killed, `ended` has its exit code and all that it printed. */
  start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const env = {
      ...process.env,
      TF_IN_AUTOMATION: "1",
      CHECKPOINT_DISABLE: "1",
      TF_CLI_CONFIG_FILE: "/dev/null",
      ...this.env,
    };
    const child = spawn(this.binary, args, { cwd: this.folder, env, stdio: ["ignore", "pipe", "pipe"] });
    endWithTests(child);
    let all = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        all += data.toString();
      });
    }
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      // After kill -9 a provisioner may still hold the pipes; otherwise all that was printed is waited for.
      child.on("exit", (exitCode, signal) => signal && resolve({ exitCode, all }));
      child.on("close", (exitCode) => resolve({ exitCode, all }));
    });
    return { child, ended };
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  async succeed(...args: string[]): Promise<string> {
    const ended = await this.run(...args);
    expect({ args, ...ended }).toMatchObject({ exitCode: 0 });
    return ended.all;
  }

  async fail(...args: string[]): Promise<string> {
    const ended = await this.run(...args);
    expect({ args, ...ended }).not.toMatchObject({ exitCode: 0 });
    return ended.all;
  }
}

const folders: string[] = [];

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tfstate-client-"));
  folders.push(folder);
  return folder;
}

export async function removeFolders(): Promise<void> {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}

/** What a `backend "http"` block holds for a state of the Worker. */
export function httpBackend({ target, path }: State): string {
  const address = `${target.url}${path}`;
  return `address = "${address}"\n    lock_address = "${address}/lock"\n    unlock_address = "${address}/lock"`;
}

/** A resource that needs no provider. */
export const data = (name: string, value = "1"): string =>
  `resource "terraform_data" "${name}" {\n  input = "${value}"\n}`;
