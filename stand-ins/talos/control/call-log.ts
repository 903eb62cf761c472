export interface LoggedCall {
  /** The node that the call was for. */
  readonly node: string;
  /** `machine.MachineService/Version` */
  readonly method: string;
  /** The caller's roles; in maintenance, every caller is `os:reader`. */
  readonly roles: readonly string[];
  /** The request in a few words, without anything secret. */
  readonly detail: string;
  /** `OK`, `UNAVAILABLE` … */
  readonly status: string;
  readonly durationMs: number;
}

const MAX_CALLS = 10_000;

/** The latest calls, without configurations and certificates. */
export class CallLog {
  private calls: LoggedCall[] = [];

  constructor(private readonly onCall: (line: string) => void = () => {}) {}

  add(call: LoggedCall): void {
    this.calls.push(call);
    if (this.calls.length > MAX_CALLS) this.calls.shift();
    const { node, method, roles, detail, status, durationMs } = call;
    this.onCall(
      [node, method, detail, roles.join(","), status, `${durationMs} ms`].filter(Boolean).join(" "),
    );
  }

  list(): readonly LoggedCall[] {
    return [...this.calls];
  }

  clear(): void {
    this.calls = [];
  }
}
