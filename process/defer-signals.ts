import { stopsOnSignal } from "./stop-on-signal";

/** Lets `work` come to its end before SIGINT, SIGTERM or SIGHUP ends the process. */
export async function deferSignals<T>(work: () => Promise<T>): Promise<T> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let received: NodeJS.Signals | undefined;
  const defer = (signal: NodeJS.Signals) => {
    if (!received) process.stderr.write("finishing what has begun, then stopping\n");
    received = signal;
  };
  for (const signal of signals) process.on(signal, defer);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, defer);
    // A command with `stopOnSignal` has received the signal itself, and would take this one for a second one.
    if (received && !stopsOnSignal()) process.kill(process.pid, received);
  }
}
