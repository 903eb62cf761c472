import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { type StateLocation, stateBeside, stateLocation } from "../../config/state-location";
import { StateError } from "../../state/errors";
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

/** Takes a lock and gives it back, on a state beside that of the cluster that nobody has. */
async function writable({ project, env }: Site): Promise<Line> {
  const place = scratchOf(
    stateLocation(project.config, "cluster", project.folder),
    `doctor-${randomBytes(4).toString("hex")}`,
  );
  if (place.backend === "local") {
    const folder = nearestFolder(dirname(place.path));
    try {
      accessSync(folder, constants.W_OK);
    } catch {
      return fail(
        `the state cannot be written: ${folder} is not writable`,
        "correct state.path, or the rights of the folder",
      );
    }
    // A lock would need the folder, which the first apply makes.
    if (folder !== dirname(place.path)) return pass(`${folder} is writable`);
  }
  const store = openStore(place, env);
  try {
    await withLock(store, "doctor", async () => undefined);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return lockFailed(error, store, env);
  } finally {
    // The lock of a file is taken on the file, which is made for it.
    if (place.backend === "local") rmSync(place.path, { force: true });
  }
  return pass(`a lock beside it, on ${store.address}, was taken and given back`);
}

function lockFailed(error: StateError, store: StateStore, env: NodeJS.ProcessEnv): Line {
  const isNarrow = /\b403\b/.test(error.problem) && (store.backend === "worker" || env.AWS_SESSION_TOKEN);
  if (!isNarrow) return fail(`no lock could be taken beside it: ${error.problem}`, error.fix);
  return warn(
    `it can be read; whether it can be written is not known, since these credentials may not lock another state (${error.problem})`,
    "if they shall write, see that they are not for reading alone",
  );
}

function scratchOf(place: StateLocation, name: string): StateLocation {
  if (place.backend === "local") return { ...place, path: `${place.path}.${name}` };
  return { ...place, ...stateBeside(place, name) };
}

function nearestFolder(folder: string): string {
  return existsSync(folder) ? folder : nearestFolder(dirname(folder));
}
