import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encryptWithSops, isSopsConfigured, SOPS_FILE, writeSopsFile } from "../../bootstrap/sops";

const SECRET = "hunter2-of-the-owner";
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sops-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A `sops` on PATH that notes its folder and its arguments. */
function fakeSops(then: string): NodeJS.ProcessEnv {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "sops"), `#!/bin/sh\npwd >"$0.log"\necho "$@" >>"$0.log"\n${then}\n`);
  chmodSync(join(bin, "sops"), 0o755);
  return { PATH: `${bin}:${process.env.PATH}` };
}

const filesIn = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));

test("sops gets the variables through a pipe, and encrypts them by the rule for the file that they end in", async () => {
  const env = fakeSops('echo "encrypted: $(wc -c)"');
  const encrypted = await encryptWithSops(folder, `TF_HTTP_PASSWORD=${SECRET}`, env);
  expect(existsSync(join(folder, "secrets"))).toBe(false);
  expect(await writeSopsFile(folder, encrypted)).toBe(join(folder, SOPS_FILE));
  const [cwd, args] = readFileSync(join(folder, "bin/sops.log"), "utf8").split("\n");
  expect(cwd).toBe(folder);
  expect(args).toBe(
    "encrypt --input-type dotenv --output-type dotenv --filename-override secrets/state.sops.env",
  );
  const bytes = `TF_HTTP_PASSWORD=${SECRET}\n`.length;
  expect(readFileSync(join(folder, SOPS_FILE), "utf8")).toBe(`encrypted: ${bytes}\n`);
  expect(filesIn().join()).not.toContain(SECRET);
});

test("where sops fails, the error says what it complained about, and no secret", async () => {
  const env = fakeSops("echo 'no matching creation rules found' >&2; exit 3");
  const attempt = encryptWithSops(folder, `A=${SECRET}`, env);
  await expect(attempt).rejects.toThrow(
    /ended with 3: no matching creation rules found; is there a creation rule/,
  );
  await expect(attempt).rejects.not.toThrow(SECRET);
  expect(filesIn().join()).not.toContain(SECRET);
});

test("where sops is missing, that is said", async () => {
  await expect(encryptWithSops(folder, "A=1", { PATH: folder })).rejects.toThrow(
    "sops is not on PATH; install sops",
  );
  expect(existsSync(join(folder, "secrets"))).toBe(false);
});

test("it is configured where there is a .sops.yaml", () => {
  expect(isSopsConfigured(folder)).toBe(false);
  writeFileSync(join(folder, ".sops.yaml"), "creation_rules: []\n");
  expect(isSopsConfigured(folder)).toBe(true);
});
