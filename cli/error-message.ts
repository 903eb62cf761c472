import { AssertionError } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../process/package-root";

/** Whether an error is a mistake in this program. */
export const isBug = (error: unknown): boolean =>
  [TypeError, ReferenceError, RangeError, SyntaxError, AssertionError].some((bug) => error instanceof bug);

/** A stack trace is for mistakes in this program. Everything else has a message that says what to do. */
export function messageOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "AbortError") return "stopped";
  if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return missingPackage(error.message);
  if (error.message === "fetch failed")
    return `the server cannot be reached: ${(error.cause as Error).message}`;
  return isBug(error) ? error : error.message;
}

/** Packages that only some projects need are theirs to install, in a version that this package names. */
function missingPackage(message: string): string {
  const { peerDependencies } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  const [, module = ""] = /^Cannot find module '([^']+)'/.exec(message) ?? [];
  const name = Object.keys(peerDependencies).find((each) => module === each || module.startsWith(`${each}/`));
  if (name === undefined) return message;
  return `this needs the package ${name}; install it in your project: npm install --save-dev "${name}@${peerDependencies[name]}"`;
}
