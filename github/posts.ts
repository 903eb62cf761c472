import type { z } from "zod";
import type { post } from "./api";

type Post = z.output<typeof post>;

/** A line that nobody sees, by which a comment or an issue of ours is found again. Each name has a line of its own. */
export const marker = (what: string): string =>
  `<!-- cdktf-proxmox-talos: ${what.replaceAll(/[^\w. -]/gu, (char) => `%${char.codePointAt(0)?.toString(16)}`)} -->`;

/** Who writes with the token of a job. */
const JOBS = "github-actions[bot]";

/** Ours, and not one that a person or another bot has written with our marker in it. */
export const findMarked = <Found extends Post>(posts: readonly Found[], what: string): Found | undefined =>
  posts.find(
    ({ body, user }) => body?.startsWith(marker(what)) && user?.type === "Bot" && user.login === JOBS,
  );

/** What GitHub takes as the text of a comment or an issue, in characters. */
const LONGEST = 65_536;

/** The text of a post; what is too long ends in a note. */
export function bodyOf(what: string, text: string): string {
  const whole = `${marker(what)}\n${text}`;
  if (whole.length <= LONGEST) return whole;
  const note = "\n\n… the rest is too long for GitHub; it is in the artifacts of the run.";
  return `${whole.slice(0, LONGEST - note.length)}${note}`;
}
