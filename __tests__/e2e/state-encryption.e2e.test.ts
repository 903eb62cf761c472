import { randomBytes } from "node:crypto";
import { LocalBackend, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { StateEncryption, type StateEncryptionProps } from "../../constructs/state-encryption";
import { newApp, synthStack } from "../support/synth";
import { TofuProject } from "../support/tofu-project";

const OLD = "correct horse battery staple";
const NEW = "another passphrase, long enough";
const SECRET = "hunter2-in-an-output";

/** A stack that needs no provider: OpenTofu's own resource with a secret in it. */
function template(props: StateEncryptionProps | "plain", value = SECRET): object {
  const stack = new TerraformStack(newApp(), "test");
  new LocalBackend(stack, { path: "cluster.tfstate" });
  if (props !== "plain") new StateEncryption(stack, "encryption", props);
  stack.addOverride("resource.terraform_data.secret", { input: value });
  new TerraformVariable(stack, "unused", { default: "x" });
  new TerraformOutput(stack, "secret", { value: "${terraform_data.secret.output}", sensitive: true });
  stack.prepareStack();
  return synthStack(stack);
}

const projects: TofuProject[] = [];
afterAll(() => {
  for (const project of projects) project.remove();
});

/** A project with its state; `write` and `as` change program and passphrases over the same state. */
function project(env: Record<string, string>): TofuProject & { as(env: Record<string, string>): void } {
  const current = { ...env };
  const made = Object.assign(new TofuProject(current), {
    as(next: Record<string, string>) {
      for (const key of Object.keys(current)) delete current[key];
      Object.assign(current, next);
    },
  });
  projects.push(made);
  return made;
}

async function applied(props: StateEncryptionProps | "plain", env: Record<string, string>) {
  const made = project(env);
  made.write(template(props));
  await made.ok("init");
  await made.ok("apply", "-auto-approve");
  return made;
}

test("state and plan hold no plain text, and a second plan is empty", async () => {
  const made = await applied({}, { TF_VAR_state_passphrase: OLD });
  expect(JSON.parse(made.rawState())).toMatchObject({ encryption_version: "v0", serial: expect.any(Number) });
  expect(made.rawState()).not.toContain(SECRET);
  expect((await made.plan()).exitCode).toBe(0);
  expect(made.rawPlan()).not.toContain(SECRET);
});

test("a wrong passphrase is an error that names the key, and the state stays as it was", async () => {
  const made = await applied({}, { TF_VAR_state_passphrase: OLD });
  const before = made.rawState();
  made.as({ TF_VAR_state_passphrase: NEW });
  const { exitCode, output } = await made.apply();
  expect(exitCode).toBe(1);
  expect(output).toMatch(/decryption failed/i);
  expect(made.rawState()).toBe(before);
});

/** How the key of a state was derived, as the state says. */
function iterationsOf(made: TofuProject): number {
  const { meta } = JSON.parse(made.rawState()) as { meta: Record<string, string> };
  const [derivation = ""] = Object.values(meta);
  return JSON.parse(Buffer.from(derivation, "base64").toString()).iterations;
}

test("a state and a plan made with 600,000 iterations are read with fewer, and written with fewer, under the same name", async () => {
  const made = project({ TF_VAR_state_passphrase: OLD });
  const before = { key: { provider: "pbkdf2", iterations: 600_000 } } as const;
  made.write(template(before));
  await made.ok("init");
  await made.ok("apply", "-auto-approve");
  expect(iterationsOf(made)).toBe(600_000);
  made.write(template(before, "a second secret"));
  expect((await made.plan()).exitCode).toBe(2);

  made.write(template({}, "a second secret"));
  await made.ok("apply", made.planFile);
  expect(iterationsOf(made)).toBe(210_000);
  expect((await made.plan()).exitCode).toBe(0);

  // Who has not changed the configuration yet is not locked out.
  made.write(template(before, "a second secret"));
  expect((await made.plan()).exitCode).toBe(0);
});

test("a passphrase that is said to be generated takes OpenTofu's least, and one that does not look so is refused", async () => {
  const generated = { key: { provider: "pbkdf2", generatedPassphrase: true } } as const;
  const made = project({ TF_VAR_state_passphrase: OLD });
  made.write(template(generated));
  await made.ok("init");
  const { exitCode, said } = await made.apply();
  expect([exitCode, said]).toEqual([1, expect.stringContaining("openssl rand -base64 32")]);
  expect(said).not.toContain(OLD);

  made.as({ TF_VAR_state_passphrase: randomBytes(32).toString("base64") });
  await made.ok("apply", "-auto-approve");
  expect(iterationsOf(made)).toBe(200_000);
});

test("no passphrase is an error that names the variable", async () => {
  const made = project({});
  made.write(template({}));
  const { exitCode, output } = await made.init();
  expect(exitCode).toBe(1);
  expect(output).toContain("var.state_passphrase");
});

test("plain text is refused unless a migration is asked for, and afterwards again", async () => {
  const made = await applied("plain", {});
  expect(made.rawState()).toContain(SECRET);

  made.as({ TF_VAR_state_passphrase: OLD });
  made.write(template({}));
  expect((await made.plan()).output).toMatch(/unencrypted payload/i);

  made.write(template({ migrateFromPlaintext: true }));
  await made.ok("apply", "-auto-approve");
  expect(made.rawState()).not.toContain(SECRET);

  made.write(template({}));
  expect((await made.plan()).exitCode).toBe(0);
});

test("a rotation: old key as fallback, then alone with the new one, which the old one no longer opens", async () => {
  const made = await applied({}, { TF_VAR_state_passphrase: OLD });
  const second = { provider: "pbkdf2", keyId: "second" } as const;

  made.as({ TF_VAR_state_passphrase: NEW, TF_VAR_state_passphrase_previous: OLD });
  made.write(template({ key: second, previousKey: { provider: "pbkdf2" } }));
  await made.ok("apply", "-auto-approve");

  made.as({ TF_VAR_state_passphrase: NEW });
  made.write(template({ key: second }));
  expect((await made.plan()).exitCode).toBe(0);

  made.as({ TF_VAR_state_passphrase: OLD });
  made.write(template({}));
  expect((await made.plan()).exitCode).toBe(1);
});
