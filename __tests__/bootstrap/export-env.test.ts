import { execFileSync } from "node:child_process";
import { clientVariables, instructions, secretsToKeep } from "../../bootstrap/export-env";
import type { BootstrapSettings } from "../../bootstrap/settings";
import { format } from "../../secrets/format";

const AWKWARD = `it's "a" $HOME \`id\` \\n # passphrase`;

test("a shell reads every value as it is", () => {
  const text = format({ TF_VAR_state_passphrase: AWKWARD, OTHER: "x" }, "shell");
  const script = `${text}\nprintf %s "$TF_VAR_state_passphrase$OTHER"`;
  expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe(`${AWKWARD}x`);
});

test("dotenv has no quotes, and refuses a value that would need them, without showing it", () => {
  expect(format({ A: "Ab1+/=-_.:@", B: "2" }, "dotenv")).toBe("A=Ab1+/=-_.:@\nB=2");
  for (const value of ["a b", "a'b", 'a"b', "a#b", "a$b", "a\\b", "a\nb"]) {
    const attempt = () => format({ A: `hunter2${value}` }, "dotenv");
    expect(attempt).toThrow("the value of A has a blank");
    expect(attempt).not.toThrow("hunter2");
  }
});

const settings = (
  backend: "r2" | "worker" | "local",
  env: NodeJS.ProcessEnv = {},
  provider = "pbkdf2",
): BootstrapSettings =>
  ({
    clusterFile: "cluster.yaml",
    usesWorker: backend === "worker",
    state: { backend, encryption: { provider } },
    bootstrap: { accountId: "a".repeat(32), token: { expiresOn: "2027-01-31T00:00:00Z" } },
    env: { TF_VAR_state_passphrase: "battery", ...env },
  }) as unknown as BootstrapSettings;
const outputs = { s3AccessKeyId: "id", s3SecretAccessKey: "s3cr3t" };
const pair = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "s3cr3t" };
const account = { CLOUDFLARE_ACCOUNT_ID: "a".repeat(32) };
const passphrase = { TF_VAR_state_passphrase: "battery" };

test("the key pair is handed over whatever the backend, and never a person's own; for a key elsewhere no passphrase", () => {
  const own = { AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "own", AWS_SESSION_TOKEN: "own" };
  expect(clientVariables(settings("r2", own, "aws_kms"), outputs)).toEqual({ ...account, ...pair });
  expect(clientVariables(settings("local"), outputs)).toEqual({ ...account, ...pair, ...passphrase });
});

test("for the Worker, its owner as it was given; another user that is named, wins; a hash opens nothing", () => {
  const login = (env: NodeJS.ProcessEnv) => {
    const variables = clientVariables(settings("worker", env), outputs);
    return [variables.TF_HTTP_USERNAME, variables.TF_HTTP_PASSWORD];
  };
  const owner = { TF_VAR_tfstate_username: "me", TF_VAR_tfstate_password: "of now" };
  expect(login(owner)).toEqual(["me", "of now"]);
  expect(login({ ...owner, TF_HTTP_USERNAME: "me", TF_HTTP_PASSWORD: "of before" })).toEqual([
    "me",
    "of now",
  ]);
  expect(login({ ...owner, TF_HTTP_USERNAME: "ci", TF_HTTP_PASSWORD: "of ci" })).toEqual(["ci", "of ci"]);
  const hash = { ...owner, TF_VAR_tfstate_password: "pbkdf2-sha256$100000$c2FsdA==$aGFzaA==" };
  expect(login(hash)).toEqual([undefined, undefined]);
  expect(login({ ...hash, TF_HTTP_USERNAME: "me", TF_HTTP_PASSWORD: "own" })).toEqual(["me", "own"]);
  expect(login({})).toEqual([undefined, undefined]);
});

test("into the file of secrets go the minted pair and what it lacks, of the users the owner alone", () => {
  const keep = (env: NodeJS.ProcessEnv) => secretsToKeep(settings("worker", env), outputs);
  const owner = { TF_VAR_tfstate_username: "me", TF_VAR_tfstate_password: "of now" };
  const fill = { cf_account_id: "a".repeat(32), state_passphrase: "battery" };
  expect(keep({ ...owner, TF_HTTP_USERNAME: "ci", TF_HTTP_PASSWORD: "of ci" })).toEqual({
    replace: { r2_access_key_id: "id", r2_secret_access_key: "s3cr3t" },
    fill: { ...fill, tfstate_username: "me", tfstate_password: "of now" },
  });
  expect(keep({ ...owner, TF_VAR_tfstate_password: "pbkdf2-sha256$1$c2FsdA==$aGFzaA==" }).fill).toEqual(fill);
});

test("the instructions name the variables and show no value", () => {
  const variables = clientVariables(settings("r2"), outputs);
  const text = instructions(settings("r2"), variables, "https://tfstate.example.com", undefined);
  for (const name of Object.keys(variables)) expect(text).toContain(name);
  for (const value of ["s3cr3t", "battery"]) expect(text).not.toContain(value);
  expect(text).toContain("state.url https://tfstate.example.com/states/proxmox");
  expect(text).toContain("ends on 2027-01-31T00:00:00Z");
  const worker = clientVariables(settings("worker"), outputs);
  expect(instructions(settings("worker"), worker, undefined, undefined)).toContain(
    "TF_HTTP_USERNAME and TF_HTTP_PASSWORD of a user of the Worker, which are not known here",
  );
});
