import { existsSync } from "node:fs";
import { join } from "node:path";
import type { StateBackend } from "../../config";
import { Migration } from "../../state/migrate";
import { underLock } from "../../state/under-lock";
import { type Places, startPlaces } from "./support/places";
import { Program } from "./support/program";
import { StateProject, stateOf } from "./support/project";

let places: Places;
let program: Program;
beforeAll(async () => {
  places = await startPlaces();
  program = await Program.of("__tests__/state/support/killed-migration.ts");
});
afterAll(async () => {
  program.remove();
  await places.stop();
});

/** @returns whether it was killed; false where there was no such effect, so that it came to its end */
async function migrateUntil(project: StateProject, to: StateBackend, killAt: number): Promise<boolean> {
  const env = { ...project.env, MIGRATE_TO: to, KILL_AT: `${killAt}` };
  const { exitCode, signal, stderr } = await program.run(project.folder, [], env);
  if (signal === "SIGKILL") return true;
  if (exitCode !== 0) throw new Error(stderr);
  return false;
}

/** What the user does next: runs it again, or takes it back. @returns where the states are then */
async function mend(project: StateProject, from: StateBackend, to: StateBackend, back: boolean) {
  return Migration.alone(project.setting, async () => {
    const wasCutOff = existsSync(join(project.folder, ".state-migration.json"));
    const isSwitched = project.setting.config.backend === to;
    if (back && wasCutOff && !isSwitched) {
      await Migration.resume(project.setting).undo();
      return from;
    }
    if (wasCutOff || !isSwitched) await (await Migration.plan(project.setting, to)).run();
    return to;
  });
}

// Every effect is one of three stacks': every other one, of each pair another, is all kinds of them.
test.each([
  ["local", "r2", 1],
  ["r2", "worker", 2],
  ["worker", "local", 1],
] as const)(
  "%s to %s, killed before every other effect from %i on: it goes on or back, and one can be written",
  async (from, to, first) => {
    const bytes = stateOf(5);
    for (let killAt = first as number, killed = true; killed; killAt += 2) {
      const name = `killed-${from}-${killAt}`;
      const project = new StateProject({
        env: places.env,
        state: [
          `backend: ${from}`,
          `key: ${name}/terraform.tfstate`,
          `url: ${places.workerUrl}/states/${name}`,
        ],
      });
      const source = project.store(from);
      await underLock(source, "test", (lock) => source.write(bytes, lock));
      killed = await migrateUntil(project, to, killAt);

      // In between both may be closed, but never both open over a copy, and the configured one has the state.
      const configured = project.setting.config.backend;
      const copied = (await project.text(to)) !== undefined;
      const open = await project.writable(...(copied ? [from, to] : [from]));
      const now = { killAt, state: await project.text(configured), open };
      expect(now).toEqual({
        killAt,
        state: bytes.toString(),
        open: open.includes(configured) ? [configured] : [],
      });

      const end = await mend(project, from, to, killAt % 4 < 2);
      const used = (await project.text(to)) === undefined ? [from] : [from, to];
      expect({
        killAt,
        configured: project.setting.config.backend,
        state: await project.text(end),
        open: await project.writable(...used),
        left: existsSync(join(project.folder, ".state-migration.json")),
      }).toEqual({ killAt, configured: end, state: bytes.toString(), open: [end], left: false });
      project.remove();
      // Fewer would mean that effects are not counted.
      if (!killed) expect(killAt).toBeGreaterThan(10);
    }
  },
);
