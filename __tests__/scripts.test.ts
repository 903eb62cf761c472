import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesWith } from "./support/processes";
import { killPrograms, ROOT, startScript } from "./support/running-program";
import { SilentServer } from "./support/silent-server";
import { waitUntil } from "./support/wait-until";

/* The scripts of package.json as npm runs them. npm starts a shell, and sends a signal to nothing but that shell. */

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const single = Object.entries(scripts).filter(([, command]) => !/&&|npm run/.test(command));

test.each(single)("npm run %s: the program takes the place of npm's shell", (_, command) => {
  expect(command).toMatch(/^exec /);
});

const folder = mkdtempSync(join(tmpdir(), "scripts-"));
const marker = `SCRIPTS_TEST=${randomUUID()}`;
/** What a script has started is found by a variable that all of it inherits. */
const leftOver = () => processesWith(marker, "environ");

afterEach(() => {
  killPrograms();
  for (const pid of leftOver()) process.kill(pid, "SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(name: string, ...args: readonly string[]) {
  const [variable = "", value] = marker.split("=");
  return startScript(["run", "-s", name, "--", ...args], { env: { ...process.env, [variable]: value } });
}

// `npm start` is tested in e2e/start.e2e.test.ts.
test.each([
  ["local", "cloudflare", "--folder", join(folder, "cloudflare")],
  ["local", "proxmox"],
  ["local", "talos", "--nodes", "1", "--one-address"],
  ["worker", "--port", "0"],
])("npm run %s %s ends with its npm process", async (name, ...args) => {
  const script = start(name, ...args);
  await script.firstLine();
  expect(leftOver().length).toBeGreaterThan(1);
  script.child.kill("SIGTERM");
  await script.ended;
  await waitUntil(() => leftOver().length === 0);
});

test("npm run conformance ends with its npm process, though the backend does not answer", async () => {
  const silent = await SilentServer.start();
  const script = start(
    "conformance",
    "--url",
    `http://127.0.0.1:${silent.port}`,
    "--username",
    "a",
    "--password",
    "b",
  );
  await silent.connection();
  script.child.kill("SIGTERM");
  await script.ended;
  await waitUntil(() => leftOver().length === 0);
  await silent.stop();
});
