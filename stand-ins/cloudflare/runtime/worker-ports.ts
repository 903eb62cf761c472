import type { Account } from "../account";
import { type WorkerBackend, WorkerPort } from "./worker-port";

/** How many ports are opened in advance, so that a new Worker gets one without waiting. */
const SPARE = 4;

/** The addresses of Workers. Each Worker has a port of its own, which never changes. */
export class WorkerPorts {
  private readonly ports = new Map<string, WorkerPort>();
  private spare: readonly WorkerPort[] = [];
  private filling: Promise<void> = Promise.resolve();
  /** Why the last attempt to open ports failed. */
  private failure: Error | undefined;

  constructor(
    private readonly account: Account,
    private readonly backend: (script: string) => WorkerBackend,
  ) {}

  /** @throws where another program has taken the port of a Worker */
  async start(): Promise<void> {
    for (const [script, port] of Object.entries(this.account.state.ports)) {
      const own = new WorkerPort();
      await own.listen(port).catch((cause: Error) => {
        throw new Error(`port ${port} of Worker "${script}" is taken: stop the program that listens there`, {
          cause,
        });
      });
      this.ports.set(script, own.serveFrom(this.backend(script)));
    }
    await this.fill();
  }

  /** The port of a Worker, whether it is deployed yet or not. */
  of(script: string): number {
    const known = this.ports.get(script);
    if (known) return known.port;
    const [port, ...rest] = this.spare;
    if (!port) {
      this.refill();
      const why = this.failure ? ` (${this.failure.message})` : "";
      throw new Error(`no port is ready for Worker "${script}"${why}: try again in a moment`);
    }
    this.spare = rest;
    this.ports.set(script, port.serveFrom(this.backend(script)));
    this.account.state.ports[script] = port.port;
    this.account.save();
    this.refill();
    return port.port;
  }

  async close(): Promise<void> {
    await this.filling;
    await Promise.all([...this.ports.values(), ...this.spare].map((port) => port.close()));
  }

  /** Runs in the background. A failure is reported by the next call that finds no port. */
  private refill(): void {
    this.filling = this.filling
      .then(() => this.fill())
      .then(
        () => {
          this.failure = undefined;
        },
        (error: Error) => {
          this.failure = error;
        },
      );
  }

  private async fill(): Promise<void> {
    while (this.spare.length < SPARE) {
      const port = await new WorkerPort().listen(0);
      this.spare = [...this.spare, port];
    }
  }
}
