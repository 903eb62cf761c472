import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/* A real Chromium: Debian's package, or the one that CHROMIUM names. */

const executable = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path && existsSync(path));

const howToInstall = "no Chromium: `apt-get install chromium`, or name one in CHROMIUM";

/** `describe` for what needs it. On a laptop without a browser there is nothing to test with, and it is said; CI has to have one. */
export const inBrowser = executable || process.env.CI ? describe : describe.skip;
if (!executable && !process.env.CI) console.warn(`skipped in the browser; ${howToInstall}`);

/** Starts it. */
export async function startChromium(): Promise<Browser> {
  if (!executable) throw new Error(howToInstall);
  return chromium.launch({ executablePath: executable, args: ["--no-sandbox"] });
}
