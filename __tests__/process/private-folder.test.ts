import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withPrivateFolder } from "../../process/private-folder";
import { startProgram } from "../support/running-program";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "private-"));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test("is for this user alone, in the user's own memory, and gone at the end", async () => {
  const folder = await withPrivateFolder({ XDG_RUNTIME_DIR: parent }, async (lent) => {
    expect((statSync(lent).mode & 0o777).toString(8)).toBe("700");
    writeFileSync(join(lent, "secret"), "");
    return lent;
  });
  expect(folder.startsWith(`${parent}/`)).toBe(true);
  expect(existsSync(folder)).toBe(false);
});

test("is gone after a failure", async () => {
  const failed = withPrivateFolder({ XDG_RUNTIME_DIR: parent }, async () => {
    throw new Error("the work failed");
  });
  await expect(failed).rejects.toThrow("the work failed");
  expect(readdirSync(parent)).toEqual([]);
});

test("is gone after a second signal, which ends the process at once", async () => {
  const file = join(parent, "program.ts");
  const root = join(__dirname, "../..");
  writeFileSync(
    file,
    `import { withPrivateFolder } from ${JSON.stringify(`${root}/process/private-folder`)};
     import { stopOnSignal } from ${JSON.stringify(`${root}/process/stop-on-signal`)};
     stopOnSignal();
     process.on("SIGTERM", () => console.log("heard"));
     setInterval(() => undefined, 1000);
     void withPrivateFolder({ XDG_RUNTIME_DIR: ${JSON.stringify(parent)} }, () => {
       console.log("lent");
       return new Promise(() => undefined);
     });`,
  );
  const program = startProgram(file);
  await program.firstLine();
  expect(readdirSync(parent)).toHaveLength(2);
  program.child.kill("SIGTERM");
  await program.says("heard");
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // two within a second are one
  program.child.kill("SIGTERM");
  expect(await program.ended).toBe(143);
  expect(readdirSync(parent)).toEqual(["program.ts"]);
});
