import { Cron } from "croner";
import type { Account } from "../account";
import { ApiError } from "../api-error";
import type { WorkersRuntime } from "./runtime";

/** Cloudflare's cron syntax: five fields, in UTC, and Sunday is 1. */
const OPTIONS = { timezone: "UTC", mode: "5-part", alternativeWeekdays: true } as const;

/** @throws ApiError 400 */
export function assertCron(cron: string): void {
  try {
    new Cron(cron, { ...OPTIONS, paused: true });
  } catch {
    throw new ApiError(400, 10100, `invalid cron string: '${cron}'`);
  }
}

/** Runs the cron triggers of all Workers on schedule. */
export class Schedules {
  private jobs: readonly Cron[] = [];

  constructor(
    private readonly account: Account,
    private readonly runtime: WorkersRuntime,
    private readonly log: (line: string) => void,
  ) {}

  /** Replaces all jobs by those that the account has now. */
  update(): void {
    this.stop();
    this.jobs = Object.values(this.account.state.scripts).flatMap(({ name, schedules }) =>
      schedules.map(
        ({ cron }) =>
          new Cron(cron, { ...OPTIONS, unref: true }, async () => void (await this.fire(name, cron))),
      ),
    );
  }

  /** Runs a cron trigger now. @returns its outcome: `ok`, or the error */
  async fire(script: string, cron: string): Promise<string> {
    const outcome = await this.runtime.schedule(script, cron).catch((error: Error) => error.message);
    this.log(`${script} cron ${cron}: ${outcome}`);
    return outcome;
  }

  stop(): void {
    for (const job of this.jobs) job.stop();
  }
}
