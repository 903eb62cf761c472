import type { z } from "zod";
import type { post } from "./api";

type Post = z.output<typeof post>;

/** A line that nobody sees, by which a comment or an issue of ours is found again. */
export const marker = (what: string): string =>
  `<!-- cdktf-proxmox-talos: ${what.replaceAll(/[^\w. -]/g, "")} -->`;

/** Ours, and not one that somebody has written with our marker in it. */
export const findMarked = <Found extends Post>(posts: readonly Found[], what: string): Found | undefined =>
  posts.find(({ body, user }) => body?.startsWith(marker(what)) && user?.type === "Bot");

/** What GitHub takes as the text of a comment or an issue, in characters. */
const LONGEST = 65_536;

/** The text of a post; what is too long ends in a note. */
export function bodyOf(what: string, text: string): string {
  const whole = `${marker(what)}\n${text}`;
  if (whole.length <= LONGEST) return whole;
  const note = "\n\n… the rest is too long for GitHub; it is in the artifacts of the run.";
  return `${whole.slice(0, LONGEST - note.length)}${note}`;
}
