import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { VALID } from "../../config/support/cluster";
import { requirePlain } from "../../support/plain-output";
import { TYPESCRIPT } from "../../support/running-program";
import { waitUntil } from "../../support/wait-until";

export const root = join(__dirname, "../../..");

type Variables = Readonly<Record<string, string | undefined>>;

export interface Ended {
  /** Exit code, or the name of the signal that ended it. */
  readonly end: number | NodeJS.Signals;
  readonly stdout: string;
  /** Both streams, on one line. */
  readonly said: string;
}

/** Somebody's machine: a folder with a `cluster.yaml`, variables, and the command. */
export class Laptop {
  readonly folder = mkdtempSync(join(tmpdir(), "laptop-"));
  readonly workDir = join(this.folder, "work");
  private readonly clusterFile = join(this.folder, "cluster.yaml");
  private readonly env: Record<string, string | undefined>;
  private readonly running: ChildProcess[] = [];

  /** @param state lines for `cluster.yaml`, sections such as `bootstrap` included */
  constructor(env: Variables, state = "") {
    this.env = { ...env };
    this.configure(state);
  }

  /** Replaces what `cluster.yaml` says besides the cluster. */
  configure(state: string): void {
    writeFileSync(this.clusterFile, `${VALID}${state}`);
  }

  set(variables: Variables): void {
    Object.assign(this.env, variables);
  }

  /** `npm run bootstrap -- …`, without npm: it takes its time, and changes nothing. */
  start(...args: readonly string[]): Run {
    return this.spawn(process.execPath, [...TYPESCRIPT, "cli/bootstrap.ts", ...args]);
  }

  /** As a user types it. */
  startByNpm(...args: readonly string[]): Run {
    return this.spawn("npm", ["run", "-s", "bootstrap", "--", ...args]);
  }

  private spawn(file: string, [...args]: readonly string[]): Run {
    const child = spawn(file, [...args, "--folder", this.workDir], {
      cwd: root,
      env: { ...inheritedEnv(), ...this.env, CLUSTER_CONFIG: this.clusterFile },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.running.push(child);
    return new Run(child, this);
  }

  /** Runs to the end, and wants success. */
  ok(...args: readonly string[]): Promise<Ended> {
    return this.start(...args).ok();
  }

  /** Processes that were started here, with all that they started: the environment tells. */
  processes(): number[] {
    return readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`=${this.clusterFile}\0`);
        } catch {
          return false; // ended meanwhile
        }
      })
      .map(Number);
  }

  /** A power cut: nothing gets to do anything any more. */
  async powerCut(): Promise<void> {
    for (let pids = this.processes(); pids.length > 0; pids = this.processes()) {
      for (const pid of pids) kill(pid, "SIGKILL");
      await sleep(20);
    }
  }

  /** All files that the command has left, by their path. */
  files(): ReadonlyMap<string, Buffer> {
    const entries = existsSync(this.workDir)
      ? readdirSync(this.workDir, { recursive: true, withFileTypes: true })
      : [];
    return new Map(
      entries
        // The provider itself, which is a link in most cases.
        .filter((entry) => entry.isFile() && !entry.parentPath.includes("/.terraform/providers/"))
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [path, readFileSync(path)]),
    );
  }

  /** Which of these texts are in the clear in a file. */
  findInFiles(texts: readonly string[]): string[] {
    return [...this.files()].flatMap(([path, bytes]) =>
      texts.filter((text) => bytes.includes(text)).map((text) => `${path}: ${text}`),
    );
  }

  async remove(): Promise<void> {
    await this.powerCut();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A command at work. */
export class Run {
  private stdout = "";
  private output = "";
  private isClosed = false;
  readonly ended: Promise<Ended>;

  constructor(
    readonly child: ChildProcess,
    private readonly laptop: Laptop,
  ) {
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      this.stdout += chunk;
      this.output += chunk;
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      this.output += chunk;
    });
    this.ended = once(child, "close").then(([code, signal]) => {
      this.isClosed = true;
      const { stdout, output } = this;
      requirePlain({ command: child.spawnargs, stdout, stderr: output, isWhole: signal === null });
      return { end: code ?? signal, stdout, said: output.replace(/\s+/g, " ") };
    });
  }

  /** Waits until it says so. @throws where it ends before */
  async says(text: string, times = 1): Promise<void> {
    await waitUntil(() => {
      if (this.output.split(text).length > times) return true;
      if (this.isClosed) throw new Error(`ended without "${text}":\n${this.output}`);
      return false;
    });
  }

  /** Waits for the end, and wants success. */
  async ok(): Promise<Ended> {
    const ended = await this.ended;
    if (ended.end !== 0) throw new Error(`ended with ${ended.end}:\n${this.output}`);
    return ended;
  }

  /** Waits for something that this run brings about. @throws where it ends before */
  async until(happened: Promise<unknown>): Promise<void> {
    const ended = this.ended.then(({ end }) => {
      throw new Error(`ended with ${end} before:\n${this.output}`);
    });
    await Promise.race([happened, ended]);
  }

  async powerCut(): Promise<void> {
    await this.laptop.powerCut();
    await this.ended;
  }
}

/** The developer's own credentials and variables must not decide a test. */
function inheritedEnv(): NodeJS.ProcessEnv {
  const foreign =
    /^(TF_VAR_|TF_HTTP_|TF_ENCRYPTION|TF_LOG|PROXMOX_VE_|AWS_|CLOUDFLARE_|STATE_|CLUSTER_CONFIG|ALLOW_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it has ended.
  }
}
