import { createServer, type Server, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to the next request like this, once. */
interface Fault {
  /** Matched against `POST /path`, without the query. */
  readonly request: RegExp;
  /** Whether the server gets the request before. */
  readonly reaches: boolean;
  readonly met: () => void;
  /** Resolves when the request or the answer may go on; undefined loses it. */
  readonly goOn?: Promise<void>;
}

export interface Held {
  /** Resolves when the request is held. */
  readonly met: Promise<void>;
  release(): void;
}

/** A way to a server on which requests and answers can be held up, or lost. */
export class Gateway {
  private readonly faults: Fault[] = [];

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on("request", (incoming, outgoing) => {
      const line = `${incoming.method} ${incoming.url?.split("?", 1)[0]}`;
      const fault = this.take(line);
      const cutOr = async (goOn: () => void) => {
        if (!fault) return goOn();
        fault.met();
        if (!fault.goOn) return outgoing.destroy();
        await fault.goOn;
        goOn();
      };
      const forward = () => {
        // The host is part of a signature: it stays the one that the client spoke to.
        const { method, url: path, headers } = incoming;
        const { hostname, port } = this.target;
        const onward = send({ hostname, port, method, path, headers, agent: false }, async (answer) => {
          const respond = () => {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(outgoing);
          };
          if (fault?.reaches) await cutOr(respond);
          else respond();
        });
        onward.once("error", () => outgoing.destroy());
        incoming.pipe(onward);
      };
      if (fault && !fault.reaches) void cutOr(forward);
      else forward();
    });
  }

  static async to(target: string): Promise<Gateway> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Gateway(server, new URL(target));
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** Holds the next request like this up before the server gets it. */
  holdRequest(request: RegExp): Held {
    return this.hold(request, false);
  }

  /** Holds the answer up: what was asked for has happened. */
  holdAnswer(request: RegExp): Held {
    return this.hold(request, true);
  }

  /** Cuts the connection in place of the next answer. @returns resolves when that has happened */
  loseAnswer(request: RegExp): Promise<void> {
    return new Promise((met) => this.faults.push({ request, reaches: true, met }));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private hold(request: RegExp, reaches: boolean): Held {
    let release = () => {};
    const goOn = new Promise<void>((resolve) => {
      release = resolve;
    });
    const met = new Promise<void>((resolve) => this.faults.push({ request, reaches, met: resolve, goOn }));
    return { met, release };
  }

  private take(line: string): Fault | undefined {
    const at = this.faults.findIndex(({ request }) => request.test(line));
    return at < 0 ? undefined : this.faults.splice(at, 1)[0];
  }
}
