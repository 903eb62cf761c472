import { existsSync } from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import { Program } from "./support/program";
import { type StateProject, stateOf } from "./support/project";
import { useBackends } from "./support/use-backends";

const backends = useBackends();
const program = new Program("__tests__/state/support/killed-migration.ts");

/** @returns whether it was killed; false where there was no such effect, so that it came to its end */
async function migrateUntil(project: StateProject, to: StateBackend, killAt: number): Promise<boolean> {
  const env = { ...project.env, MIGRATE_TO: to, KILL_AT: `${killAt}` };
  const { exitCode, signal, stderr } = await program.run(project.folder, [], env);
  if (signal === "SIGKILL") return true;
  if (exitCode !== 0) throw new Error(stderr);
  return false;
}

/** What the user does next: takes the migration back, or runs it again. @returns where the states are then */
async function recover(project: StateProject, from: StateBackend, to: StateBackend, aborts: boolean) {
  const wasInterrupted = existsSync(join(project.folder, ".state-migration.json"));
  const isSwitched = project.backend === to;
  if (aborts && wasInterrupted && !isSwitched) {
    await project.abortMigration();
    return from;
  }
  if (wasInterrupted || !isSwitched) await project.migrate(to);
  return to;
}

// The same effects come for each of three stacks, so every other one covers all kinds. Much of it is waiting, so they run side by side.
test.concurrent.each([
  ["local", "r2", 1],
  ["r2", "worker", 2],
  ["worker", "local", 1],
] as const)(
  "%s to %s, killed before every other effect from %i on: it is finished or taken back, and one backend can be written",
  async (from, to, first) => {
    const bytes = stateOf(5);
    for (let killAt = first as number, killed = true; killed; killAt += 2) {
      const project = backends.project({ backend: from, name: `killed-${from}-${killAt}` });
      await project.write(from, bytes);
      killed = await migrateUntil(project, to, killAt);

      // In between both may be closed, but never both open over a copy, and the configured one has the state.
      const configured = project.backend;
      const copied = (await project.text(to)) !== undefined;
      const open = await project.writable(...(copied ? [from, to] : [from]));
      const now = { killAt, state: await project.text(configured), open };
      expect(now).toEqual({
        killAt,
        state: bytes.toString(),
        open: open.includes(configured) ? [configured] : [],
      });

      const end = await recover(project, from, to, killAt % 4 < 2);
      const used = (await project.text(to)) === undefined ? [from] : [from, to];
      expect({
        killAt,
        configured: project.backend,
        state: await project.text(end),
        open: await project.writable(...used),
        left: existsSync(join(project.folder, ".state-migration.json")),
      }).toEqual({ killAt, configured: end, state: bytes.toString(), open: [end], left: false });
      // Fewer would mean that effects are not counted.
      if (!killed) expect(killAt).toBeGreaterThan(10);
    }
  },
);
