import { constants } from "node:os";

export interface Stop {
  readonly signal: AbortSignal;
  /** 128 and the number of the signal that came; 1 where none has. */
  exitCode(): number;
}

let isListening = false;

/** Whether a signal lets this process end in order. */
export const stopsOnSignal = (): boolean => isListening;

/** The first signal lets the step at hand end in order; a later one does not wait. */
export function stopOnSignal(): Stop {
  isListening = true;
  const stop = new AbortController();
  let code = 1;
  let since = 0;
  const begin = () => {
    since = Date.now();
    stop.abort();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      code = 128 + constants.signals[name];
      if (!stop.signal.aborted) return begin();
      // npm hands us the Ctrl-C that the terminal has sent us as well: that is not a second one.
      if (Date.now() - since > 1_000) process.exit(code);
    });
  }
  return { signal: stop.signal, exitCode: () => code };
}
