import type { ChildProcess } from "node:child_process";

/**
 * Lets a program that runs on this terminal decide what a signal means: it gets what we get.
 * @param onSignal is told of each
 */
export function passSignals(
  child: ChildProcess,
  onSignal: (signal: NodeJS.Signals) => void = () => undefined,
): { stop(): void } {
  const pass = (signal: NodeJS.Signals) => () => {
    onSignal(signal);
    // A terminal sends Ctrl-C to the program as well. A second SIGINT would make tofu exit without writing its state.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  const listeners = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((name) => [name, pass(name)] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  return {
    stop: () => {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}
