import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { CheckReport } from "../../secrets/check";
import { sopsConfig } from "../../secrets/sops-config";
import { rotateTalosSecrets, talosSecretsPath, writeTalosSecrets } from "../../secrets/talos-secrets-file";
import { VALID } from "../config/support/cluster";
import { inheritedEnv } from "../support/inherited-env";
import { runProgram } from "../support/running-program";
import { SecretsProject } from "./support/secrets-project";

/* `npm run secrets -- check` of a project whose only file is that with the secrets of Talos; sops is the real one. */

const SECRET = "hunter2";
const pair = { crt: SECRET, key: SECRET };
const BUNDLE = {
  cluster: { id: SECRET, secret: SECRET },
  secrets: { bootstraptoken: SECRET, secretboxencryptionsecret: SECRET },
  trustdinfo: { token: SECRET },
  certs: { etcd: pair, k8s: pair, k8saggregator: pair, k8sserviceaccount: { key: SECRET }, os: pair },
};

let project: SecretsProject;
let anna: ReturnType<SecretsProject["person"]>;
let ben: ReturnType<SecretsProject["person"]>;
let path: string;

beforeAll(async () => {
  project = await SecretsProject.make();
  anna = project.person("anna");
  ben = project.person("ben");
  path = talosSecretsPath(project.folder);
  project.write(".sops.yaml", sopsConfig([anna.recipient]));
  keepSecrets("out-of-state");
});
afterAll(() => project?.remove());

const keepSecrets = (place: string) =>
  project.write(
    "cluster.yaml",
    `${VALID}talos: { kubernetes_version: v1.36.0, secrets: ${place} }\nstate: { backend: local, path: s.tfstate }\n`,
  );

async function check(person = anna, ...args: readonly string[]) {
  const { code, said } = await runProgram("cli/secrets.ts", ["check", "--json", ...args], {
    cwd: project.folder,
    env: {
      ...inheritedEnv(),
      HOME: project.home,
      SOPS: project.sops,
      SOPS_AGE_KEY_FILE: person.identity,
      CLUSTER_CONFIG: join(project.folder, "cluster.yaml"),
    },
  });
  expect(said).not.toContain(SECRET);
  const { talos } = JSON.parse(said) as { readonly talos: readonly CheckReport[] };
  const [report] = talos;
  return { code, report, problems: talos.flatMap(({ problems }) => problems) };
}

/** Writes the file anew. */
async function write(secrets: object): Promise<void> {
  rmSync(path, { force: true });
  await writeTalosSecrets(project.as(anna), stringify(secrets));
}

test("a file that is not there", async () => {
  expect(await check()).toMatchObject({
    code: 2,
    problems: [
      expect.stringMatching(/^talos\.secrets is out-of-state, and there is no such file; for a new cluster/),
    ],
  });
});

test("a whole one, with its readers", async () => {
  await write(BUNDLE);
  expect(await check()).toEqual({
    code: 0,
    problems: [],
    report: {
      file: path,
      recipients: [anna.recipient],
      keys: ["cluster", "secrets", "trustdinfo", "certs"],
      macHolds: true,
      problems: [],
      warnings: [],
    },
  });
});

test("one that this machine cannot open; without a key, the rest is checked", async () => {
  expect(await check(ben)).toMatchObject({
    code: 2,
    problems: [expect.stringContaining("talos-secrets.sops.yaml: no key of this machine opens it")],
  });
  expect(await check(ben, "--no-key")).toMatchObject({ code: 0, problems: [] });
});

test("one whose readers are not those of .sops.yaml", async () => {
  project.write(".sops.yaml", sopsConfig([ben.recipient]));
  expect((await check()).problems).toEqual([
    `${ben.recipient} is in .sops.yaml and cannot read the file; npm run secrets -- rotate`,
    expect.stringContaining(`${anna.recipient} can read the file and is not in .sops.yaml`),
  ]);
  project.write(".sops.yaml", sopsConfig([anna.recipient, ben.recipient]));
  await rotateTalosSecrets(project.as(anna));
  expect(await check(ben)).toMatchObject({ code: 0, problems: [] });
});

test("one that lacks a part, was changed, or has a value in plain text", async () => {
  const { os: _os, ...certs } = BUNDLE.certs;
  await write({ ...BUNDLE, certs });
  expect((await check()).problems).toEqual([
    "it has no secrets of a cluster: certs.os is missing; take the file from the last good commit",
  ]);
  await write(BUNDLE);
  const good = readFileSync(path, "utf8");
  writeFileSync(path, good.replace(/^trustdinfo:\n.*\n/m, ""));
  expect(await check()).toMatchObject({
    report: { macHolds: false },
    problems: [expect.stringContaining("its MAC does not hold")],
  });
  writeFileSync(path, good.replace(/^trustdinfo:\n.*\n/m, `trustdinfo: { token: ${SECRET} }\n`));
  expect((await check()).problems).toEqual([
    expect.stringMatching(/^trustdinfo is in plain text; take the file/),
  ]);
  writeFileSync(path, good);
});

test("one that nobody reads, since the secrets are in the state", async () => {
  keepSecrets("in-state");
  expect(await check()).toMatchObject({
    code: 2,
    problems: [expect.stringMatching(/^talos\.secrets is in-state, and a plan would make other secrets/)],
  });
});
