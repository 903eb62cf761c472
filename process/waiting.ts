/** Who waits longer than this wants to know what for. */
const PATIENCE_MS = 2_000;
/** How often a line is added where none can be rewritten, as in a log. */
const INTERVAL_MS = 10_000;

/**
 * Shows on standard error that `work` goes on: on a terminal a line that counts, once it has taken two seconds, and that
 * goes away at the end; elsewhere a line every ten seconds.
 */
export async function waiting<T>(what: string, work: () => Promise<T>): Promise<T> {
  const { stderr } = process;
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const timers: NodeJS.Timeout[] = [];
  let isShown = false;
  if (stderr.isTTY) {
    const show = () => {
      isShown = true;
      stderr.write(`\r\x1b[K${what} … ${seconds()}s`);
    };
    timers.push(setTimeout(() => timers.push(setInterval(show, 1_000)) && show(), PATIENCE_MS));
  } else {
    timers.push(setInterval(() => stderr.write(`${what} … ${seconds()}s\n`), INTERVAL_MS));
  }
  try {
    return await work();
  } finally {
    for (const timer of timers) clearTimeout(timer);
    if (isShown) stderr.write("\r\x1b[K");
  }
}
