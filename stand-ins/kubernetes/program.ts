import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { runGroup, tail } from "../../process/process-group";
import { onFreePort } from "../free-port";

/** How long a program may take to end. */
const GRACE_MS = 5_000;

/** A program that runs until it is stopped. */
export class Program {
  private readonly stopping = new AbortController();
  private output: string | undefined;
  private readonly running: Promise<void>;

  constructor(
    readonly name: string,
    file: string,
    args: readonly string[],
  ) {
    this.running = runGroup(file, args, { signal: this.stopping.signal, graceMs: GRACE_MS }).then(
      ({ output }) => {
        this.output = output;
      },
      (error: Error) => {
        this.output = error.message;
      },
    );
  }

  /** @throws where it has ended, with the last of what it said, and `EADDRINUSE` where it was about its port */
  assertRuns(): void {
    if (this.output === undefined) return;
    const code = this.output.includes("address already in use") ? "EADDRINUSE" : undefined;
    throw Object.assign(new Error(`${this.name} has ended:\n${tail(this.output)}`), { code });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }
}

/** Asks until the answer is yes. @throws where one of the programs has ended */
export async function untilReady(
  isReady: () => Promise<boolean>,
  programs: readonly Program[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    for (const program of programs) program.assertRuns();
    if (await isReady()) return;
    await sleep(100, undefined, { signal });
  }
}

/** A port on which nothing listens, for a program that takes no other than a given one. */
export const freePort = (): Promise<number> =>
  onFreePort(
    (port) =>
      new Promise((resolve, reject) => {
        const server = createServer();
        server.once("error", reject);
        server.listen(port, "127.0.0.1", () => server.close(() => resolve(port)));
      }),
  );
