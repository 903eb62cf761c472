import { Listr, PRESET_TIMER } from "listr2";

/** Where a step tells how it is doing. */
export interface Progress {
  /** One line that matters. */
  say(line: string): void;
  /** One line of many: where output scrolls, the latest is shown now and then. */
  follow(line: string): void;
  /** What the step came to, after its title. */
  result(text: string): void;
}

/** Where output scrolls instead of being drawn over, a running program is quoted this often. */
const SCROLLING_INTERVAL_MS = 10_000;

/**
 * Runs one visible step and says how long it took.
 * @throws what the work has thrown; the step itself only says that it failed
 */
export async function step<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  let outcome: Promise<T> | undefined;
  const rendererOptions = { timer: PRESET_TIMER, showErrorMessage: false, collapseErrors: false };
  const task = {
    title,
    task: async (_context: unknown, task: { title?: string; output: string }) => {
      const lines = new FollowedLines((line) => {
        task.output = line;
      });
      outcome = work({
        say: (line) => {
          task.output = line;
        },
        follow: (line) => lines.add(line),
        result: (text) => {
          task.title = `${title}: ${text}`;
        },
      });
      await outcome
        .catch(() => {
          throw new Error("see below");
        })
        .finally(() => lines.end());
    },
  };
  await new Listr([task], {
    registerSignalListeners: false,
    exitOnError: false,
    rendererOptions,
    fallbackRendererOptions: rendererOptions,
  }).run();
  if (outcome === undefined) throw new Error(`the step "${title}" did not run`);
  return outcome;
}

/** The latest of many lines: at once on a terminal, now and then elsewhere. */
class FollowedLines {
  private latest?: string;
  private readonly timer?: NodeJS.Timeout;

  constructor(private readonly show: (line: string) => void) {
    if (!process.stdout.isTTY) this.timer = setInterval(() => this.flush(), SCROLLING_INTERVAL_MS);
  }

  add(line: string): void {
    this.latest = line;
    if (this.timer === undefined) this.flush();
  }

  end(): void {
    clearInterval(this.timer);
  }

  private flush(): void {
    if (this.latest !== undefined) this.show(this.latest);
    this.latest = undefined;
  }
}
