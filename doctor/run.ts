import type { Check } from "./check";
import { type Line, NotChecked, notChecked } from "./line";
import type { Site } from "./site";

/** What a check has found. */
export interface Finding {
  readonly check: string;
  readonly lines: readonly Line[];
}

export interface RunProps {
  readonly checks: readonly Check[];
  readonly site: Site;
  /** Called at intervals with the names of the checks that still run. */
  readonly onWaiting?: (names: readonly string[]) => void;
  /** @default 2_000 */
  readonly intervalMs?: number;
}

/** Runs all checks side by side. @returns what they found, in the order of the checks */
export async function runChecks(props: RunProps): Promise<readonly Finding[]> {
  const { checks, site, onWaiting, intervalMs = 2_000 } = props;
  const running = new Set(checks.map(({ name }) => name));
  const timer = setInterval(() => onWaiting?.([...running]), intervalMs);
  try {
    return await Promise.all(
      checks.map(async (check) => {
        const lines = await linesOf(check, site);
        running.delete(check.name);
        return { check: check.name, lines };
      }),
    );
  } finally {
    clearInterval(timer);
  }
}

async function linesOf(check: Check, site: Site): Promise<readonly Line[]> {
  try {
    return await check.run(site);
  } catch (error) {
    if (error instanceof NotChecked) return [notChecked(error.why, error.fix)];
    return [failed(error)];
  }
}

/** Our errors say what is wrong, then what to do. */
function failed(error: unknown): Line {
  const message = error instanceof Error ? error.message : String(error);
  const at = message.indexOf("; ");
  return at < 0
    ? { status: "fail", text: message }
    : { status: "fail", text: message.slice(0, at), fix: message.slice(at + 2) };
}
