import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { runGroup, tail } from "../../../process/process-group";
import { findProgram } from "../../../toolchain/context";
import { endWithTests } from "../../support/end-with-tests";

/** What a Go client makes of a state (`verdict` in go-client/main.go). */
export interface Verdict {
  /** A client with a key reads it. */
  readonly encrypted: boolean;
  /** A client without one reads it. */
  readonly plain: boolean;
  readonly error?: string;
  readonly serial: string;
  readonly lineage: string;
  readonly resources: readonly string[] | null;
  /** What such a client writes that has read it, in base64. */
  readonly rewritten: string | null;
}

export const hasGo = async (): Promise<boolean> => (await findProgram("go", process.env)) !== undefined;

/** A Go program that reads states with encoding/json. */
export class GoClient {
  readonly #answers: AsyncIterator<string>;

  private constructor(
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    private readonly folder: string,
  ) {
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Builds and starts it. It needs no module. */
  static async start(): Promise<GoClient> {
    const folder = mkdtempSync(join(tmpdir(), "go-client-"));
    const program = join(folder, "go-client");
    const { exitCode, output } = await runGroup(
      "go",
      ["build", "-trimpath", "-buildvcs=false", "-o", program, "."],
      {
        cwd: join(__dirname, "go-client"),
        env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=readonly" },
      },
    );
    if (exitCode !== 0) throw new Error(`go build failed:\n${tail(output)}`);
    return new GoClient(endWithTests(spawn(program, { stdio: ["pipe", "pipe", "inherit"] })), folder);
  }

  async judge(document: Uint8Array): Promise<Verdict> {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(document.length);
    this.child.stdin.write(Buffer.concat([length, document]));
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("the Go program has ended");
    return JSON.parse(value) as Verdict;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, "close");
    this.child.stdin.end();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
