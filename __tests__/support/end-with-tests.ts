import type { ChildProcess } from "node:child_process";

/** What the tests of this file have started, and whether it leads a process group. */
const running = new Map<ChildProcess, { readonly isGroup: boolean }>();

// A test that fails does not get to its own end.
afterAll(killAll);

/** Ends a program at the latest with the tests of this file. @param isGroup was started `detached`: all of its group ends */
export function endWithTests<T extends ChildProcess>(child: T, isGroup = false): T {
  running.set(child, { isGroup });
  return child;
}

/** Whether a program has ended, by itself or by a signal. */
export const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** Kills what was started so far, groups whose leaders have ended included. */
export function killAll(): void {
  for (const [child, { isGroup }] of running) {
    const { pid } = child;
    if (pid === undefined || (hasEnded(child) && !isGroup)) continue;
    try {
      process.kill(isGroup ? -pid : pid, "SIGKILL");
    } catch {
      // ESRCH: all of it has ended.
    }
  }
  running.clear();
}
