import { constants } from "node:os";

export interface Stop {
  readonly signal: AbortSignal;
  /** 128 and the number of the signal that came. */
  exitCode(): number;
}

/** The first signal lets the step at hand end in order; a later one does not wait. */
export function stopOnSignal(): Stop {
  const stop = new AbortController();
  let code = 0;
  let since = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      code = 128 + constants.signals[name];
      if (!stop.signal.aborted) {
        since = Date.now();
        stop.abort();
        return;
      }
      // npm hands us the Ctrl-C that the terminal has sent us as well: that is not a second one.
      if (Date.now() - since > 1_000) process.exit(code);
    });
  }
  return { signal: stop.signal, exitCode: () => code };
}
