import { randomInt } from "node:crypto";

/** Linux gives the ports from 32768 to outgoing connections, and macOS those from 49152. None of them takes one of these. */
const PORTS = { first: 16_384, end: 32_768 - 256 };
const ATTEMPTS = 100;

/**
 * Listens on any free port. It is one that no outgoing connection takes, so that it is free again after a restart.
 * @param listen tries a port @returns what it returns @throws where it fails for another reason than a port that is taken
 */
export async function onFreePort<T>(listen: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listen(randomInt(PORTS.first, PORTS.end));
    } catch (error) {
      if (!isTaken(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Whether listening failed since another program has the port. */
export const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EADDRINUSE";
