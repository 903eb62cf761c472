/** Who waits longer than this wants to know what for. */
const PATIENCE_MS = 2_000;
/** How often a line is added where none can be rewritten. */
const INTERVAL_MS = 10_000;

/**
 * Shows on standard error that `work` goes on, once it has taken two seconds: a line that counts on a terminal, a line
 * every ten seconds elsewhere. Nothing of it stays on a terminal.
 */
export async function waiting<T>(what: string, work: () => Promise<T>): Promise<T> {
  const { stderr } = process;
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const show = () =>
    stderr.write(stderr.isTTY ? `\r\x1b[K${what} … ${seconds()}s` : `${what} … ${seconds()}s\n`);
  let repeated: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    show();
    repeated = setInterval(show, stderr.isTTY ? 1_000 : INTERVAL_MS);
  }, PATIENCE_MS);
  try {
    return await work();
  } finally {
    clearTimeout(first);
    clearInterval(repeated);
    if (repeated && stderr.isTTY) stderr.write("\r\x1b[K");
  }
}
