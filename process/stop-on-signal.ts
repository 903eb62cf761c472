import { constants } from "node:os";

export interface Stop {
  readonly signal: AbortSignal;
  /** 128 plus the number of the signal that was received; 1 if none was. */
  exitCode(): number;
}

let isListening = false;

/** Whether {@link stopOnSignal} handles the signals of this process. */
export const stopsOnSignal = (): boolean => isListening;

/** On the first signal, aborts `signal`, so that the current step can end in order. On a second one, exits at once. */
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
      // For one Ctrl-C we get two signals, one from the terminal and one from npm.
      if (Date.now() - since > 1_000) process.exit(code);
    });
  }
  return { signal: stop.signal, exitCode: () => code };
}
