import { hasColours } from "./colours";

/** Shows how a step is getting on. */
export interface Progress {
  /** Shows a line. */
  say(line: string): void;
  /** Shows a line of many. Without a terminal, only the latest one is shown, every ten seconds. */
  follow(line: string): void;
  /** Shows the result of the step, after its title. */
  result(text: string): void;
}

/** How often a followed line is shown without a terminal. */
const INTERVAL_MS = 10_000;

/**
 * Runs one step, and shows its title, its progress and its duration on standard error: standard output is for results.
 * @throws what `work` throws
 */
export async function step<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  // It writes colours to the pipes of a workflow, unless this is set before it is loaded.
  if (!hasColours()) process.env.NO_COLOR = "1";
  const { Listr, ListrLogger, PRESET_TIMER, ProcessOutput } = require("listr2") as typeof import("listr2");
  let outcome: Promise<T> | undefined;
  // What others print meanwhile is shown after the step; it stays on the stream that it was for.
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stdout) });
  const rendererOptions = { timer: PRESET_TIMER, showErrorMessage: false, collapseErrors: false, logger };
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
    fallbackRendererCondition: () => !process.stderr.isTTY,
    rendererOptions,
    fallbackRendererOptions: rendererOptions,
  }).run();
  if (outcome === undefined) throw new Error(`the step "${title}" did not run`);
  return outcome;
}

/** Shows the latest of many lines: at once on a terminal, at intervals elsewhere. */
class FollowedLines {
  private latest?: string;
  private readonly timer?: NodeJS.Timeout;

  constructor(private readonly show: (line: string) => void) {
    if (!process.stderr.isTTY) this.timer = setInterval(() => this.flush(), INTERVAL_MS);
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
