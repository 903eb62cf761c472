/** How a part of a check has come out. */
export type Status = "pass" | "warn" | "fail";

/** One line of the report. */
export interface Line {
  readonly status: Status;
  readonly text: string;
  /** What to do; a line that passes has none. */
  readonly fix?: string;
}

export const pass = (text: string): Line => ({ status: "pass", text });
export const warn = (text: string, fix: string): Line => ({ status: "warn", text, fix });
export const fail = (text: string, fix: string): Line => ({ status: "fail", text, fix });

/** A check that cannot be made now, through no mistake that it could name itself. */
export class NotChecked extends Error {
  override readonly name = "NotChecked";

  constructor(
    readonly why: string,
    readonly fix: string,
  ) {
    super(why);
  }
}

export const notChecked = (why: string, fix: string): Line => warn(`not checked: ${why}`, fix);
