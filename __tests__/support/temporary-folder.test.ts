import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

test("a run's temporary folder goes with it, and those of runs that were killed with the next one", () => {
  const parent = mkdtempSync(join(tmpdir(), "runs-"));
  const folderOf = (pid: number) => `jest-run-${pid}`;
  // No system has so many processes.
  for (const name of [folderOf(process.pid), folderOf(2 ** 30), "of-somebody-else"])
    mkdirSync(join(parent, name));
  const program = `
    import { readdirSync, writeFileSync } from "node:fs";
    import { temporaryFolder } from ${JSON.stringify(join(__dirname, "temporary-folder.mjs"))};
    const folder = temporaryFolder();
    writeFileSync(folder + "/left", "");
    console.log(JSON.stringify([process.pid, folder, readdirSync(folder)]));`;
  const args = ["--input-type=module", "--eval", program];
  const said = execFileSync(process.execPath, args, { env: { TMPDIR: parent }, encoding: "utf8" });
  const [pid, folder, files] = JSON.parse(said);
  expect([folder, files]).toEqual([join(parent, folderOf(pid)), ["left"]]);
  expect(readdirSync(parent)).toEqual([folderOf(process.pid), "of-somebody-else"]);
  rmSync(parent, { recursive: true });
});
