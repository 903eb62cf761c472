import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { identityFile, ownKey } from "../../secrets/age-key";
import { checkSecrets } from "../../secrets/check";
import { checkTalosSecrets } from "../../secrets/check-talos";
import { allVariables, missingVariables } from "../../secrets/environment";
import { initialize } from "../../secrets/init";
import { rotateAll } from "../../secrets/rotate-all";
import { sopsConfig } from "../../secrets/sops-config";
import {
  readTalosSecrets,
  rotateTalosSecrets,
  talosSecretsPath,
  writeTalosSecrets,
} from "../../secrets/talos-secrets-file";
import { encryptChanges, rotate, writeSecrets } from "../../secrets/update";
import { SecretsProject } from "./support/secrets-project";

/* One project, its secrets and its people, told in order; sops is the real one. */

let project: SecretsProject;
let anna: ReturnType<SecretsProject["person"]>;
let ben: ReturnType<SecretsProject["person"]>;

beforeAll(async () => {
  project = await SecretsProject.make();
  anna = project.person("anna");
  ben = project.person("ben");
});
afterAll(() => project?.remove());

const TOKEN = "root@pam!cdktf=5e9bdf6a-hunter2";
const NEEDED = ["PROXMOX_VE_API_TOKEN", "TF_VAR_state_passphrase", "TF_HTTP_USERNAME"];
const check = (person = anna, withoutKey = false) =>
  checkSecrets({ ...project.as(person), needed: NEEDED, withoutKey });
const change = async (values: Record<string, string>) => {
  const encrypted = await encryptChanges(project.as(anna), { replace: values, fill: {} });
  if (encrypted) writeSecrets(project.folder, encrypted);
  return encrypted !== undefined;
};

test("a new file: values of the environment, new ones for what nobody gives, and no plain text anywhere", async () => {
  const env = { PROXMOX_VE_API_TOKEN: TOKEN, TF_HTTP_USERNAME: "anna" };
  const props = { ...project.as(anna, env), named: false, recipients: async () => [anna.recipient] };
  const { origins } = await initialize(props);
  expect(Object.fromEntries(origins)).toEqual({
    r2_access_key_id: "empty",
    r2_secret_access_key: "empty",
    cf_account_id: "empty",
    proxmox_api_token: "environment",
    state_passphrase: "generated",
    tfstate_username: "environment",
    tfstate_password: "generated",
  });
  const all = await allVariables(project.as(anna));
  expect(all).toMatchObject({ PROXMOX_VE_API_TOKEN: TOKEN, TF_VAR_tfstate_username: "anna" });
  expect(Buffer.from(all.TF_VAR_state_passphrase ?? "", "base64")).toHaveLength(32);
  for (const value of Object.values(all).filter((each) => each !== "anna")) {
    expect(project.everything()).not.toContain(value);
  }
  await expect(initialize(props)).rejects.toThrow("secrets.sops.yaml is there already; change it");
});

test("a variable wins, a pair is never mixed, and where nothing is missing nothing is opened", async () => {
  await change({ r2_access_key_id: "file-id", r2_secret_access_key: "file-secret" });
  const missing = (env: NodeJS.ProcessEnv, only?: string[]) => missingVariables(project.as(anna, env), only);
  const all = await missing({});
  expect(all).toMatchObject({ AWS_ACCESS_KEY_ID: "file-id", AWS_SECRET_ACCESS_KEY: "file-secret" });
  // Empty in the file.
  expect(all).not.toHaveProperty("CLOUDFLARE_ACCOUNT_ID");
  const own = await missing({ PROXMOX_VE_API_TOKEN: "own", AWS_ACCESS_KEY_ID: "own", TF_HTTP_PASSWORD: "" });
  expect(Object.keys(own).sort()).toEqual([
    "TF_HTTP_PASSWORD",
    "TF_HTTP_USERNAME",
    "TF_VAR_state_passphrase",
    "TF_VAR_tfstate_password",
    "TF_VAR_tfstate_username",
  ]);
  const before = project.sopsRuns;
  expect(await missing(all)).toEqual({});
  expect(await missing({}, ["CLOUDFLARE_ACCOUNT_ID"])).toEqual({});
  expect(project.sopsRuns).toBe(before);
});

test("what is there already is not written again; what only fills keeps what is there", async () => {
  const written = project.read();
  expect(await change({ r2_access_key_id: "file-id" })).toBe(false);
  const fill = { replace: {}, fill: { state_passphrase: "another" } };
  expect(await encryptChanges(project.as(anna), fill)).toBe(undefined);
  expect(project.read()).toBe(written);
});

test("a colleague cannot read the file until it is rotated, and both can then, with another data key", async () => {
  await expect(missingVariables(project.as(ben))).rejects.toThrow(
    /no key of this machine opens it; set SOPS_AGE/,
  );
  project.write(".sops.yaml", sopsConfig([anna.recipient, ben.recipient]));
  expect((await check()).problems).toEqual([
    `${ben.recipient} is in .sops.yaml and cannot read the file; npm run secrets -- rotate`,
  ]);
  const before = project.read();
  const secrets = await allVariables(project.as(anna));
  await rotate(project.as(anna));
  expect(await allVariables(project.as(ben))).toEqual(secrets);
  expect((await check(ben)).problems).toEqual([]);
  // Not one encrypted value is the same.
  const ciphers = (text: string) => text.match(/ENC\[AES256_GCM,data:[^\]]+/g) ?? [];
  expect(ciphers(project.read()).filter((each) => before.includes(each))).toEqual([]);

  project.write(".sops.yaml", sopsConfig([anna.recipient]));
  expect((await check()).problems).toEqual([
    expect.stringContaining(`${ben.recipient} can read the file and is not`),
  ]);
  await rotate(project.as(anna));
  await expect(allVariables(project.as(ben))).rejects.toThrow("no key of this machine opens it");
});

test("check says who can read it, what is missing, and that it is as it was encrypted", async () => {
  expect(await check()).toEqual({
    file: project.path,
    recipients: [anna.recipient],
    keys: expect.arrayContaining(["proxmox_api_token", "state_passphrase"]),
    macHolds: true,
    problems: [],
    warnings: [],
  });
  const good = project.read();
  project.write("secrets.sops.yaml", good.replace(/^proxmox_api_token: .*$/m, 'proxmox_api_token: ""'));
  const { problems, macHolds } = await check();
  expect(macHolds).toBe(false);
  expect(problems).toEqual([
    expect.stringMatching(
      /^proxmox_api_token is missing \(.*\); export PROXMOX_VE_API_TOKEN, or put proxmox_api_token into secrets\.sops\.yaml: npm run secrets -- edit$/,
    ),
    expect.stringMatching(/it was changed after it was encrypted \(its MAC does not hold\)/),
  ]);
  expect(await check(ben, true)).not.toHaveProperty("macHolds");
  expect((await check(ben)).problems).toContainEqual(
    expect.stringContaining("no key of this machine opens it"),
  );
  project.write("secrets.sops.yaml", good);
});

test("a value in plain text is refused, and not shown", async () => {
  const good = project.read();
  project.write("secrets.sops.yaml", good.replace(/^proxmox_api_token: .*$/m, `proxmox_api_token: ${TOKEN}`));
  expect((await check()).problems).toEqual([
    expect.stringMatching(/^proxmox_api_token is in plain text; delete its line/),
  ]);
  const attempt = missingVariables(project.as(anna));
  await expect(attempt).rejects.toThrow("proxmox_api_token is in plain text");
  await expect(attempt).rejects.not.toThrow("hunter2");
  // Of a key that is none of ours, sops itself says it.
  project.write("secrets.sops.yaml", `note: ${TOKEN}\n${good}`);
  await expect(missingVariables(project.as(anna))).rejects.toThrow(
    /a value does not match sops' data format/,
  );
  await expect(missingVariables(project.as(anna))).rejects.not.toThrow("hunter2");

  project.write("secrets.sops.yaml", `proxmox_api_token: ${TOKEN}\n`);
  await expect(check()).rejects.toThrow(/is in plain text; encrypt it: sops encrypt --in-place/);
  project.write("secrets.sops.yaml", "a: [\n");
  await expect(check()).rejects.toThrow(/secrets\.sops\.yaml: .*; take it from the last good commit/);
  project.write("secrets.sops.yaml", good);
});

test("a misspelt key is refused, a key of others is left alone, and a number is no secret", async () => {
  const good = project.read();
  await change({ github_token: "theirs" });
  expect(await check()).toMatchObject({
    problems: [],
    warnings: ["github_token is read by no command of ours"],
  });
  expect(await allVariables(project.as(anna))).not.toHaveProperty("github_token");
  await change({ tfstate_users: "[]", cloudflare_api_tokne: "x" });
  await expect(missingVariables(project.as(anna))).rejects.toThrow(
    "has the key cloudflare_api_tokne; did you mean cloudflare_api_token?",
  );
  expect((await check()).problems).toEqual([
    "cloudflare_api_tokne is no key; did you mean cloudflare_api_token?",
  ]);
  project.write("secrets.sops.yaml", good);

  const numbers = { cf_account_id: 123 as unknown as string };
  await change(numbers);
  await expect(allVariables(project.as(anna))).rejects.toThrow(
    "cf_account_id is a number, not text; put quotes",
  );
  await change({ cf_account_id: "two\nlines" });
  await expect(allVariables(project.as(anna))).rejects.toThrow("cf_account_id has a line break in it");
  project.write("secrets.sops.yaml", good);
});

test("without a rule in .sops.yaml nothing is written", async () => {
  const good = project.read();
  project.write(".sops.yaml", "creation_rules:\n  - path_regex: other\n    age: age1\n");
  await expect(rotate(project.as(anna))).rejects.toThrow(
    /no matching creation rules found; is there a rule for it/,
  );
  expect((await check()).problems).toEqual([expect.stringContaining("no matching creation rules found")]);
  expect(project.read()).toBe(good);
});

test("your own key is where sops looks for it, and is made if there is none", () => {
  const home = { HOME: join(project.home, "new") };
  const own = (env: NodeJS.ProcessEnv) => ownKey(project.ageKeygen, { ...home, ...env });
  expect(own({ SOPS_AGE_KEY_FILE: anna.identity })).toMatchObject({
    recipients: [anna.recipient],
    isNew: false,
  });
  const SOPS_AGE_KEY = readFileSync(ben.identity, "utf8");
  expect(own({ SOPS_AGE_KEY })).toEqual({
    recipients: [ben.recipient],
    source: "SOPS_AGE_KEY",
    isNew: false,
  });
  const { source, isNew, recipients } = own({});
  expect({ source, isNew }).toEqual({ source: join(home.HOME, ".config/sops/age/keys.txt"), isNew: true });
  expect(statSync(source).mode & 0o777).toBe(0o600);
  expect(own({})).toEqual({ source, recipients, isNew: false });
  expect(identityFile(home, "darwin")).toBe(join(home.HOME, "Library/Application Support/sops/age/keys.txt"));
  expect(() => own({ SOPS_AGE_KEY_FILE: "/nowhere" })).toThrow(
    "SOPS_AGE_KEY_FILE names /nowhere, which does not exist",
  );
  expect(() => own({ SOPS_AGE_KEY: "hunter2" })).toThrow(/^SOPS_AGE_KEY: .*; is it an identity of age/);
  expect(() => own({ SOPS_AGE_KEY: "hunter2" })).not.toThrow("hunter2");
});

test("the secrets of Talos have a file of their own, which is never overwritten, and follow the recipients", async () => {
  const secrets = {
    cluster: { id: "an id", secret: "hunter2-of-talos" },
    certs: { os: { key: "hunter2-of-os" } },
  };
  project.write(".sops.yaml", sopsConfig([anna.recipient]));
  expect(await readTalosSecrets(project.as(anna))).toBeUndefined();
  await writeTalosSecrets(project.as(anna), stringify(secrets));
  expect(project.everything()).not.toContain("hunter2-of");
  expect(await readTalosSecrets(project.as(anna))).toEqual(secrets);
  await expect(writeTalosSecrets(project.as(anna), "a: b")).rejects.toThrow(
    "talos-secrets.sops.yaml is there already, and nothing was changed",
  );

  const carl = project.person("carl");
  const mine = project.as(anna);
  project.write(".sops.yaml", sopsConfig([anna.recipient]));
  await rotateTalosSecrets(mine);
  await expect(readTalosSecrets(project.as(carl))).rejects.toThrow(
    "talos-secrets.sops.yaml: no key of this machine opens it",
  );
  project.write(".sops.yaml", sopsConfig([anna.recipient, carl.recipient]));
  expect(await rotateTalosSecrets(mine)).toBe(true);
  expect(await readTalosSecrets(project.as(carl))).toEqual(secrets);

  // Carl leaves, and nobody has rotated yet.
  project.write(".sops.yaml", sopsConfig([anna.recipient]));
  const asked = { withoutKey: false, problemOf: () => undefined };
  const checked = (person: typeof carl) => checkTalosSecrets({ ...project.as(person), ...asked });
  const left = expect.stringContaining(`${carl.recipient} can read the file and is not in .sops.yaml`);
  expect(await checked(anna)).toMatchObject({
    recipients: [anna.recipient, carl.recipient],
    macHolds: true,
    problems: [left],
  });
  expect((await checked(ben))?.problems).toEqual([
    left,
    expect.stringContaining("no key of this machine opens it"),
  ]);
  expect(await checkTalosSecrets({ ...mine, folder: project.home, ...asked })).toBeUndefined();
  const path = talosSecretsPath(project.folder);
  const good = readFileSync(path, "utf8");
  writeFileSync(path, good.replace(/^( +id: ENC\[AES256_GCM,data:)../m, "$1AA"));
  expect((await checked(anna))?.problems).toHaveLength(2);
  writeFileSync(path, good);
});

test("secrets of Talos in plain text are refused, and not shown", async () => {
  const path = talosSecretsPath(project.folder);
  const whole = readFileSync(path, "utf8");
  writeFileSync(path, whole.replace(/^cluster:\n.*\n.*\n/m, "cluster: { id: a, secret: hunter2 }\n"));
  const reading = readTalosSecrets(project.as(anna));
  await expect(reading).rejects.toThrow("talos-secrets.sops.yaml: cluster is in plain text");
  await expect(reading).rejects.not.toThrow("hunter2");
  expect(await rotateTalosSecrets({ ...project.as(anna), folder: project.home })).toBe(false);
  writeFileSync(path, whole);
});

test("all files are encrypted anew, also where there is none but that of Talos", async () => {
  const path = talosSecretsPath(project.folder);
  const before = readFileSync(path, "utf8");
  const nowhere = { ...project.as(anna), folder: project.home };
  expect(await rotateAll(nowhere, [project.home, project.folder])).toEqual([path]);
  expect(readFileSync(path, "utf8")).not.toBe(before);
  await expect(rotateAll(nowhere, [project.home])).rejects.toThrow(
    /^there is nothing to rotate: .* npm run secrets -- init$/,
  );
});

test("a new file of Talos' secrets is written only if all of it is encrypted, and this machine can open it", async () => {
  const folder = join(project.home, "new-cluster");
  mkdirSync(folder);
  const write = () =>
    writeTalosSecrets({ ...project.as(anna), folder }, "cluster: { id: a, secret: hunter2 }\n");
  const rule = (line: string, { recipient } = anna) =>
    writeFileSync(
      join(folder, ".sops.yaml"),
      `creation_rules:\n  - path_regex: \\.sops\\.yaml$\n    age: ${recipient}\n    ${line}\n`,
    );
  // As people have it for manifests of Kubernetes.
  rule("encrypted_regex: ^(data|stringData)$");
  await expect(write()).rejects.toThrow(
    /would leave cluster in plain text, so nothing was written; give the file a rule/,
  );
  await expect(write()).rejects.not.toThrow("hunter2");
  rule("", ben);
  await expect(write()).rejects.toThrow(/no key of this machine opens it.*so it was not kept/s);
  expect(readdirSync(folder)).toEqual([".sops.yaml"]);
  rule("");
  await write();
  expect(readdirSync(folder).sort()).toEqual([".sops.yaml", "talos-secrets.sops.yaml"]);
});

test("a file that is cut off is not taken for one in plain text", async () => {
  const path = talosSecretsPath(project.folder);
  const whole = readFileSync(path, "utf8");
  for (const part of [
    whole.slice(0, whole.indexOf("\nsops:")),
    whole.slice(0, whole.indexOf("    mac:")),
    "",
  ]) {
    writeFileSync(path, part);
    const reading = readTalosSecrets(project.as(anna));
    await expect(reading).rejects.toThrow(/take it from the last good commit/);
    await expect(reading).rejects.not.toThrow(/sops encrypt|secrets -- edit/);
  }
  writeFileSync(path, whole);
});
