/** What a terminal is taken for that does not say how large it is: a serial console, a container that was just started. */
const USUAL = { columns: 80, rows: 24 } as const;

/**
 * Gives the terminals of this process a size where they have none. Who breaks lines to fit would break them after each letter,
 * and draw the keys that are typed where nobody sees them.
 */
export function assumeTerminalSize(): void {
  for (const stream of [process.stdout, process.stderr]) {
    // A real size that comes later replaces this one.
    if (stream.isTTY && !stream.columns) Object.assign(stream, USUAL);
  }
}
