import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSecrets, requireSecrets } from "../../cli/load-secrets";
import { findSopsConfig, secretsFolder } from "../../secrets/secrets-file";

/* Which file a command reads, and what it does with one that it cannot open. What is in it: secrets/secrets-file.e2e.test.ts. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "load-secrets-"));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});
const write = (path: string, content = "") => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
};

test("the file is beside cluster.yaml, of several clusters beside clusters/, without one in the working folder", () => {
  write("one/cluster.yaml");
  write("clusters/a/cluster.yaml");
  write("clusters/b/cluster.yaml");
  expect(secretsFolder({ CLUSTER_CONFIG: join(folder, "one") })).toBe(join(folder, "one"));
  expect(secretsFolder({ CLUSTER_CONFIG: folder })).toBe(folder);
  expect(secretsFolder({ CLUSTER_CONFIG: join(folder, "clusters/b") })).toBe(folder);
  expect(secretsFolder({ CLUSTER_CONFIG: join(folder, "nowhere") })).toBe(process.cwd());
});

test("sops takes the .sops.yaml of the folder, or the nearest above it", () => {
  write(".sops.yaml");
  write("one/two/cluster.yaml");
  expect(findSopsConfig(join(folder, "one/two"))).toBe(join(folder, ".sops.yaml"));
  write("one/.sops.yaml");
  expect(findSopsConfig(join(folder, "one/two"))).toBe(join(folder, "one/.sops.yaml"));
});

test("a file that cannot be opened is an error, and a report where a command can do without", async () => {
  write("cluster.yaml");
  write("secrets.sops.yaml", "cf_account_id: in plain text\n");
  const env = { CLUSTER_CONFIG: folder };
  await expect(loadSecrets(env)).rejects.toThrow("is in plain text; encrypt it");
  const report = jest.spyOn(console, "error").mockImplementation();
  await loadSecrets(env, { only: ["CLOUDFLARE_ACCOUNT_ID"], optional: true });
  expect(report).toHaveBeenCalledWith(
    expect.stringMatching(/^secrets\.sops\.yaml is not used: .* is in plain text/),
  );
  expect(env).toEqual({ CLUSTER_CONFIG: folder });
});

test("without a file nothing is loaded, and what is missing is named with both ways to give it", async () => {
  write("cluster.yaml");
  const env: NodeJS.ProcessEnv = { CLUSTER_CONFIG: folder, AWS_ACCESS_KEY_ID: "id" };
  await loadSecrets(env);
  expect(() => requireSecrets(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], env)).toThrow(
    /^AWS_SECRET_ACCESS_KEY is not set; export AWS_SECRET_ACCESS_KEY, or put r2_secret_access_key into secrets\.sops\.yaml: npm run secrets -- edit$/,
  );
});
