import { relative } from "node:path";

/** A path as the user would type it from where they are. */
export const shown = (path: string): string => relative(process.cwd(), path) || ".";
