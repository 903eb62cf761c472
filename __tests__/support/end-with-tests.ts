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

/** Kills what was started so far, groups whose leaders have ended included. */
export function killAll(): void {
  for (const [{ pid, exitCode, signalCode }, { isGroup }] of running) {
    const hasEnded = exitCode !== null || signalCode !== null;
    if (pid === undefined || (hasEnded && !isGroup)) continue;
    try {
      process.kill(isGroup ? -pid : pid, "SIGKILL");
    } catch {
      // ESRCH: all of it has ended.
    }
  }
  running.clear();
}
