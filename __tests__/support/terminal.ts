import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { endWithTests } from "./end-with-tests";
import { ROOT } from "./running-program";
import { waitUntil } from "./wait-until";

/** Puts a program on a new pseudo-terminal, and passes on what is typed and shown. Such a terminal has no size: 0 by 0. */
const PYTHON = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

export interface TerminalOptions {
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** @default - the root of the project */
  readonly cwd?: string;
}

/** A program on a real terminal of its own. */
export class Terminal {
  /** Its exit code. */
  readonly ended: Promise<number>;
  private readonly child: ChildProcess;
  private text = "";
  private isClosed = false;
  /** How far the test has read. */
  private read = 0;

  constructor(file: string, args: readonly string[], { env, cwd = ROOT }: TerminalOptions = {}) {
    const child = spawn("python3", ["-c", PYTHON, file, ...args], {
      cwd,
      env: { ...(env ?? process.env), TERM: "xterm-256color" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.child = endWithTests(child);
    this.child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      this.text += chunk;
    });
    this.child.once("close", () => {
      this.isClosed = true;
    });
    this.ended = once(this.child, "close").then(([code]) => code);
  }

  /** Everything that it has shown, with what moves the cursor and sets colours. */
  get shown(): string {
    return this.text;
  }

  /** Waits until this is shown, after what was waited for before, and then types the keys. @throws where it ends before */
  async answer(question: string, keys: string): Promise<void> {
    await waitUntil(() => {
      if (this.text.includes(question, this.read)) return true;
      if (this.isClosed) throw new Error(`ended without "${question}":\n${this.text}`);
      return false;
    });
    this.read = this.text.indexOf(question, this.read) + question.length;
    this.child.stdin?.write(keys);
  }
}
