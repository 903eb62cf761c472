import { exportLine } from "../process/export-line";
import type { Variables } from "./environment";

export const formats = ["shell", "dotenv"] as const;
export type Format = (typeof formats)[number];

/** The variables as shell commands for `eval`, or as a dotenv file for `gh secret set --env-file`. */
export function format(variables: Variables, as: Format): string {
  const line = ([name, value]: readonly [string, string]) =>
    as === "shell" ? exportLine(name, value) : `${name}=${dotenvValue(name, value)}`;
  return Object.entries(variables).map(line).join("\n");
}

/** @throws if the value would need quotes: some programs keep them as part of the value, others need them */
function dotenvValue(name: string, value: string): string {
  if (/[\n\r'"#\\\s$]/.test(value)) {
    throw new Error(
      `the value of ${name} has a blank, a quote, #, $ or \\ in it, which programs read differently in a dotenv file; ` +
        "choose another value, or print shell commands instead",
    );
  }
  return value;
}
