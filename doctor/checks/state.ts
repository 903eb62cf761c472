import { randomBytes, randomUUID } from "node:crypto";
import { accessSync, constants, existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { type StateLocation, stateBeside, stateLocation } from "../../config/state-location";
import { deferSignals } from "../../process/defer-signals";
import { LockedError, StateError } from "../../state/errors";
import { openStore } from "../../state/open-store";
import type { StateStore } from "../../state/store";
import { verify } from "../../state/verify";
import { withLock } from "../../state/with-lock";
import type { Check } from "../check";
import { fail, type Line, pass, warn } from "../line";
import type { Site } from "../site";

/** An apply rarely takes longer. */
const STALE_AFTER_SECONDS = 3_600;

export const stateCheck: Check = {
  name: "state",
  about: "the state: its backend, whether it can be read and locked, who holds the lock",
  async run(site) {
    const store = await site.state.store();
    // Where it cannot be read, nothing else can be said.
    await site.state.bytes();
    const props = { staleAfterSeconds: STALE_AFTER_SECONDS, now: site.now() };
    const findings = await verify({ stack: "cluster", store }, site.project.config, props);
    return [
      ...findings.map(({ ok, text }) =>
        ok ? pass(text) : fail(text, 'npm run state -- verify; docs/state.md, "When something is lost"'),
      ),
      await writable(site),
    ];
  },
};

async function writable(site: Site): Promise<Line> {
  const place = stateLocation(site.project.config, "cluster", site.project.folder);
  switch (place.backend) {
    case "worker":
      return lockableAtWorker(await site.state.store());
    case "r2":
      return lockScratch({ ...place, key: stateBeside(place, scratchName()).key }, site);
    case "local":
      return (
        writableFolder(dirname(place.path)) ??
        // A Ctrl-C waits until the file is gone.
        deferSignals(() => lockScratch({ ...place, path: `${place.path}.${scratchName()}` }, site))
      );
  }
}

/** The name of a state that nobody has. */
const scratchName = () => `doctor-${randomBytes(4).toString("hex")}`;

/** Takes a lock and gives it back, on a state beside that of the cluster. */
async function lockScratch(place: StateLocation, { env }: Site): Promise<Line> {
  const store = openStore(place, env);
  try {
    await withLock(store, "doctor", async () => undefined);
    return pass(`a lock beside it, on ${store.address}, was taken and given back`);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    // Temporary credentials may be for the objects of this state alone.
    if (!env.AWS_SESSION_TOKEN || !/\b403\b/.test(error.problem))
      return fail(`no lock could be taken beside it: ${error.problem}`, error.fix);
    return warn(
      "it can be read; whether it can be written is not known, since these temporary credentials may not lock another state",
      "if they shall write, mint them without --read-only",
    );
  } finally {
    // The lock of a file is taken on the file, which is made for it.
    if (place.backend === "local") rmSync(place.path, { force: true });
  }
}

/**
 * The Worker never forgets a state that was locked once. So it is asked to release a lock that nobody has taken: it refuses
 * that, and only to those who may lock.
 */
async function lockableAtWorker(store: StateStore): Promise<Line> {
  try {
    await store.breakLock(randomUUID());
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    if (!(error instanceof LockedError) && !/ answers 409: /.test(error.problem))
      return fail(`it cannot be locked: ${error.problem}`, error.fix);
  }
  return pass("these credentials may lock and write it");
}

/** A lock needs the folder, which the first apply makes. @returns undefined if it is there and can be written */
function writableFolder(wanted: string): Line | undefined {
  const folder = nearestFolder(wanted);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return fail(
      `the state cannot be written: ${folder} is not writable`,
      "correct state.path, or the rights of the folder",
    );
  }
  return folder === wanted ? undefined : pass(`${folder} is writable`);
}

function nearestFolder(folder: string): string {
  return existsSync(folder) ? folder : nearestFolder(dirname(folder));
}
