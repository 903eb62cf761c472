import type { RawParameters } from "../api/parameters";

export interface LoggedRequest {
  readonly method: string;
  /** Without `/api2/json`, as it was sent. */
  readonly path: string;
  /** The call it was, unless the stand-in knows none. */
  readonly template?: string;
  /** Query and form, with secrets blotted out. */
  readonly parameters: RawParameters;
  readonly status: number;
}

const MAX_ENTRIES = 20_000;
const SECRETS = /^(?:password|cipassword|secret|token|ticket)$/;

/** The requests of this run, newest last. */
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
