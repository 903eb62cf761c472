/**
 * Lends a signal that is aborted by Ctrl-C, SIGTERM or SIGHUP, so that the work ends in order: what it has started is stopped, and its private
 * folder is removed. A second one ends the process. For a part of a command; `stopOnSignal` is for all of one.
 * @throws the reason of the signal, also where the work has ended by then
 */
export async function withAbortOnSignal<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.once(name, abort);
  try {
    const result = await work(stop.signal);
    // The signal may have come when nothing looked at it any more.
    stop.signal.throwIfAborted();
    return result;
  } finally {
    for (const name of names) process.off(name, abort);
  }
}
