import { once } from "node:events";
import { InvalidArgumentError } from "commander";

/** Writes what clients need to know in one line of JSON, waits for SIGTERM or SIGINT, and stops the stand-in. */
export async function serveUntilSignal(ready: object, stop: () => Promise<void>): Promise<void> {
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await untilSignal();
  await stop();
}

/** Waits for SIGTERM or SIGINT. */
export async function untilSignal(): Promise<void> {
  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
}

/** @throws InvalidArgumentError */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError(`"${text}" is no port: give a number from 0 to 65535.`);
  }
  return port;
}

/** @throws InvalidArgumentError */
export function parseTimeScale(text: string): number {
  const factor = Number(text);
  if (text.trim() === "" || !Number.isFinite(factor) || factor < 0) {
    throw new InvalidArgumentError(`"${text}" is no time scale: give a number that is 0 or more.`);
  }
  return factor;
}
