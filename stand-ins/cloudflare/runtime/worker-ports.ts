import type { Account } from "../account";
import { type WorkerBackend, WorkerPort } from "./worker-port";

/** Addresses that are kept ready, so that one can be given away at once. */
const SPARE = 4;

/** The addresses of Workers, each a port of its own that it keeps. */
export class WorkerPorts {
  private readonly ports = new Map<string, WorkerPort>();
  private spare: readonly WorkerPort[] = [];
  private filling: Promise<void> = Promise.resolve();
  /** Why the last filling has ended early. */
  private failure: Error | undefined;

  constructor(
    private readonly account: Account,
    private readonly backend: (script: string) => WorkerBackend,
  ) {}

  /** @throws where a port of before is taken by another program */
  async start(): Promise<void> {
    for (const [script, port] of Object.entries(this.account.state.ports)) {
      const own = new WorkerPort();
      await own.listen(port).catch((cause: Error) => {
        throw new Error(`port ${port} of Worker "${script}" is taken: end what listens there`, { cause });
      });
      this.ports.set(script, own.serveFrom(this.backend(script)));
    }
    await this.fill();
  }

  /** The port of a Worker, whether it is there already or not. */
  of(script: string): number {
    const known = this.ports.get(script);
    if (known) return known.port;
    const [port, ...rest] = this.spare;
    if (!port) {
      this.refill();
      const why = this.failure ? ` (${this.failure.message})` : "";
      throw new Error(`no port is ready for Worker "${script}"${why}: ask again in a moment`);
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

  /** In the background, so a failure is told to who next finds no port. */
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
