import { readdirSync, readFileSync } from "node:fs";

/** Watches the arguments of all processes of this machine, which every user of it can read. */
export class WatchedArguments {
  private readonly seen = new Set<string>();
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => this.look(), 40).unref();
  }

  /** The arguments seen so far that have one of these texts in them. */
  with(texts: readonly string[]): readonly string[] {
    this.look();
    return [...this.seen].filter((line) => texts.some((text) => line.includes(text)));
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        this.seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      } catch {
        // It has ended in the meantime.
      }
    }
  }
}
