import type { Line } from "./line";
import type { Site } from "./site";

/** One question about a site. It changes nothing there. */
export interface Check {
  /** The word for it on the command line and in the report. */
  readonly name: string;
  /** What it asks, for the help. */
  readonly about: string;
  /**
   * Checks run side by side, and an error of one does not keep the others from running.
   * @throws NotChecked if it cannot be made, with the reason; any other error is a line that fails
   */
  run(site: Site): Promise<readonly Line[]>;
}
