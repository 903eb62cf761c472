import { join } from "node:path";
import { StateProject } from "../state/support/project";
import { ScriptedServer } from "../state/support/scripted-server";
import { inheritedEnv } from "../support/inherited-env";
import { ROOT, TYPESCRIPT } from "../support/running-program";
import { Terminal } from "../support/terminal";

/** The start of the line, and nothing on it. */
const REWRITTEN = "\r\x1b[K";

test("commands that read states say on a terminal what they wait for, and take it back", async () => {
  const server = await ScriptedServer.start();
  let answer = () => {};
  const allWait = new Promise<void>((resolve) => {
    answer = resolve;
  });
  server.answer = (response) => void allWait.then(() => response.writeHead(401).end());
  const project = new StateProject({
    env: { TF_HTTP_USERNAME: "owner", TF_HTTP_PASSWORD: "password" },
    state: [
      "backend: worker",
      `url: ${server.url}/states/home`,
      "encryption: { provider: off, reason: a test }",
    ],
  });
  const env = { ...inheritedEnv(), ...project.env };
  try {
    const commands = ["list", "versions", "verify", "backup", "pull"];
    const terminals = commands.map((command) => {
      const args = [...TYPESCRIPT, join(ROOT, "cli/state.ts"), command];
      return new Terminal(process.execPath, args, { env, cwd: project.folder });
    });
    // None of them gets an answer before all of them have shown that they wait.
    await Promise.all(terminals.map((each) => each.answer(" … 2s", "")));
    answer();
    expect(await Promise.all(terminals.map(({ ended }) => ended))).toEqual([1, 1, 1, 1, 1]);
    for (const { shown } of terminals) {
      expect(shown.startsWith(REWRITTEN)).toBe(true);
      // The last of the lines is taken back before anything else is said.
      expect(shown.slice(shown.lastIndexOf(" … ")).split(REWRITTEN)).toEqual([
        expect.stringMatching(/^ … \d+s$/),
        expect.stringContaining("401"),
      ]);
    }
  } finally {
    project.remove();
    await server.stop();
  }
});
