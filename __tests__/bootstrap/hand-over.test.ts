import { execFileSync } from "node:child_process";
import { format, handedOver, instructions } from "../../bootstrap/hand-over";
import type { BootstrapSetting } from "../../bootstrap/setting";

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

const setting = (backend: "r2" | "worker" | "local", provider = "pbkdf2"): BootstrapSetting =>
  ({
    clusterFile: "cluster.yaml",
    state: { backend, encryption: { provider } },
    bootstrap: { accountId: "a".repeat(32), token: { expiresOn: "2027-01-31T00:00:00Z" } },
    env: { TF_VAR_state_passphrase: "battery" },
  }) as unknown as BootstrapSetting;
const outputs = { s3AccessKeyId: "id", s3SecretAccessKey: "s3cr3t" };

test("what is handed over: the key pair whatever the backend, for a key elsewhere no passphrase", () => {
  const worker = { TF_HTTP_USERNAME: "me", TF_HTTP_PASSWORD: "password" };
  const pair = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "s3cr3t" };
  const account = { CLOUDFLARE_ACCOUNT_ID: "a".repeat(32) };
  const passphrase = { TF_VAR_state_passphrase: "battery" };
  expect(handedOver(setting("worker"), outputs, worker)).toEqual({
    ...account,
    ...pair,
    ...worker,
    ...passphrase,
  });
  // Not the pair of whoever has run it.
  const own = { AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "own", AWS_SESSION_TOKEN: "own" };
  expect(handedOver(setting("r2", "aws_kms"), outputs, own)).toEqual({ ...account, ...pair });
  expect(handedOver(setting("local"), outputs, {})).toEqual({ ...account, ...pair, ...passphrase });
});

test("the instructions name the variables and show no value", () => {
  const variables = handedOver(setting("r2"), outputs, {});
  const text = instructions(setting("r2"), variables, "https://tfstate.example.com", undefined);
  for (const name of Object.keys(variables)) expect(text).toContain(name);
  for (const value of ["s3cr3t", "battery"]) expect(text).not.toContain(value);
  expect(text).toContain("state.url https://tfstate.example.com/states/proxmox");
  expect(text).toContain("ends on 2027-01-31T00:00:00Z");
});
