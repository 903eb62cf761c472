import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder } from "../../process/lock-folder";

let folder: string;
let said: jest.SpyInstance;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-folder-"));
  said = jest.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  said.mockRestore();
  rmSync(folder, { recursive: true, force: true });
});

test("the next run has the folder once the first one has let it go", async () => {
  const lost = jest.fn();
  for (const run of ["first", "second"]) {
    const release = await lockFolder(folder, run, lost);
    await release();
  }
  expect(lost).not.toHaveBeenCalled();
  expect(said).not.toHaveBeenCalled();
});

test("a lock that is lost is told, and stops the run in order", async () => {
  let release: (() => Promise<void>) | undefined;
  await new Promise<void>((resolve) => {
    void lockFolder(folder, "npm run bootstrap", resolve).then((it) => {
      release = it;
      rmSync(`${folder}.lock`, { recursive: true });
    });
  });
  expect(said.mock.calls.join()).toContain("is lost, and another run may have it");
  await release?.();
}, 30_000);
