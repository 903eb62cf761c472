import { relative } from "node:path";

/** A path relative to the working folder, for people. */
export const displayPath = (path: string): string => relative(process.cwd(), path) || ".";
