import type { RawParameters } from "../api/parameters";

export interface LoggedRequest {
  readonly method: string;
  /** The path as it was sent, without `/api2/json`. */
  readonly path: string;
  /** The path template of the route; undefined where the stand-in does not serve the path. */
  readonly template?: string;
  /** The parameters of query and form, with secrets replaced by `redacted`. */
  readonly parameters: RawParameters;
  readonly status: number;
}

const MAX_ENTRIES = 20_000;
const SECRETS = /^(?:password|cipassword|secret|token|ticket)$/;

/** The latest requests of this run, newest last. */
export class RequestLog {
  private entries: LoggedRequest[] = [];

  add(request: LoggedRequest): void {
    const parameters = Object.fromEntries(
      Object.entries(request.parameters).map(([name, value]) => [
        name,
        SECRETS.test(name) ? "redacted" : value,
      ]),
    );
    this.entries.push({ ...request, parameters });
    if (this.entries.length > MAX_ENTRIES) this.entries.shift();
  }

  list(): readonly LoggedRequest[] {
    return this.entries;
  }

  clear(): void {
    this.entries = [];
  }
}
