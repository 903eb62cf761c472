export interface LoggedCall {
  /** The node that was asked. */
  readonly node: string;
  /** `machine.MachineService/Version` */
  readonly method: string;
  /** `os:admin`, or `os:reader` for anybody in maintenance. */
  readonly roles: readonly string[];
  /** What was asked for, without anything secret. */
  readonly detail: string;
  /** `OK`, `UNAVAILABLE` … */
  readonly status: string;
  readonly durationMs: number;
}

const KEPT = 10_000;

/** Every call, with neither configurations nor certificates in it. */
export class CallLog {
  private calls: LoggedCall[] = [];

  constructor(private readonly onCall: (line: string) => void = () => {}) {}

  add(call: LoggedCall): void {
    this.calls.push(call);
    if (this.calls.length > KEPT) this.calls.shift();
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
