import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VALID } from "../config/support/cluster";
import { StateProject, stateOf } from "../state/support/project";
import { ScriptedServer } from "../state/support/scripted-server";
import { inheritedEnv } from "../support/inherited-env";
import { ROOT, TYPESCRIPT } from "../support/running-program";
import { Terminal } from "../support/terminal";

/** The start of the line, and nothing on it. */
const REWRITTEN = "\r\x1b[K";

/** Where the state is not at the server: what was frozen there is looked for. */
const ELSEWHERE = { STATE_BACKEND: "local" };

/** Each of these asks the server, or sops. */
const COMMANDS: readonly (readonly [command: string, env?: NodeJS.ProcessEnv])[] = [
  ["state list"],
  ["state versions"],
  ["state verify"],
  ["state backup"],
  ["state pull"],
  ["state reconfigure"],
  ["state restore 1"],
  ["state unlock 1"],
  ["state unfreeze"],
  ["state push one.tfstate"],
  ["state migrate --to local"],
  ["state drop --from worker", ELSEWHERE],
  ["state credentials", { AWS_ACCESS_KEY_ID: "key", CLOUDFLARE_API_TOKEN: "token" }],
  ["github find-plan --artifact plan"],
  ["secrets env", { CLUSTER_CONFIG: "secrets/cluster.yaml" }],
];

/** In place of sops: it waits for a file, and fails then. */
const SOPS = `#!/bin/sh
case "$*" in --version*) echo "sops 3.13.3"; exit ;; esac
until [ -e ../answered ]; do sleep 0.1; done
echo "401" >&2; exit 1
`;

test("commands that wait for others say on a terminal what for, and take it back", async () => {
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
      "account_id: 0123456789abcdef0123456789abcdef",
      "encryption: { provider: off, reason: a test }",
    ],
  });
  const file = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(project.folder, name), text, { mode });
    return join(project.folder, name);
  };
  // The others would open it, too.
  mkdirSync(join(project.folder, "secrets"));
  file("secrets/cluster.yaml", VALID);
  file("secrets/secrets.sops.yaml", "a: ENC[AES256_GCM,x]\nsops: {}\n");
  file("one.tfstate", stateOf(1).toString());
  const job = { GITHUB_TOKEN: "token", GITHUB_REPOSITORY: "a/b", GITHUB_SHA: "c", GITHUB_RUN_ID: "1" };
  const env = {
    ...inheritedEnv(),
    ...project.env,
    ...job,
    SOPS: file("sops", SOPS, 0o700),
    GITHUB_API_URL: server.url,
    GITHUB_SERVER_URL: server.url,
    CLOUDFLARE_BASE_URL: server.url,
  };
  try {
    const terminals = COMMANDS.map(([command, more]) => {
      const [name = "", ...args] = command.split(" ");
      return new Terminal(process.execPath, [...TYPESCRIPT, join(ROOT, `cli/${name}.ts`), ...args], {
        env: { ...env, ...more },
        cwd: project.folder,
      });
    });
    // None of them gets an answer before all of them have shown that they wait.
    await Promise.all(terminals.map((each) => each.answer(" … 2s", "")));
    answer();
    file("answered", "");
    expect(await Promise.all(terminals.map(({ ended }) => ended))).toEqual(COMMANDS.map(() => 1));
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
