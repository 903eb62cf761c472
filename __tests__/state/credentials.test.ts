import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CloudflareStandIn, startCloudflare } from "../../stand-ins/cloudflare";
import { parseTtl } from "../../state/credentials";
import { newLock } from "../../state/locks";
import { Program } from "./support/program";
import { StateProject, stateOf } from "./support/project";

const BUCKET_ITEM_WRITE = "2efd5506f9c8494dacb1fa10a3e7d5b6";

let folder: string;
let cloudflare: CloudflareStandIn;
const program = new Program("cli/state.ts");
let project: StateProject;
let parent: Record<string, string>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cloudflare-"));
  cloudflare = await startCloudflare({ folder });
  const account = `${cloudflare.apiUrl}/accounts/${cloudflare.accountId}`;
  const call = async (path: string, body: object) => {
    const reply = await fetch(`${account}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${cloudflare.apiToken}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(await reply.text());
    return ((await reply.json()) as { result: Record<string, string> }).result;
  };
  await call("/r2/buckets", { name: "tfstate" });
  const { id = "", value = "" } = await call("/tokens", {
    name: "states",
    policies: [
      {
        effect: "allow",
        permission_groups: [{ id: BUCKET_ITEM_WRITE }],
        resources: { [`com.cloudflare.edge.r2.bucket.${cloudflare.accountId}_default_tfstate`]: "*" },
      },
    ],
  });
  parent = {
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: createHash("sha256").update(value).digest("hex"),
  };
  project = new StateProject({ env: { ...cloudflare.env, ...parent }, state: ["backend: r2"] });
});
afterAll(async () => {
  project.remove();
  await cloudflare.close();
  rmSync(folder, { recursive: true, force: true });
});

const mint = async (...args: readonly string[]) => {
  const { exitCode, stdout, said } = await program.run(project.folder, ["credentials", ...args], project.env);
  if (exitCode !== 0) throw new Error(said);
  return stdout;
};

/** The same cluster, with other credentials. */
const as = (credentials: Record<string, string>, key = "proxmox/terraform.tfstate") => {
  const other = new StateProject({
    env: { ...cloudflare.env, ...credentials },
    state: ["backend: r2", `key: ${key}`],
  });
  const store = other.store("r2");
  other.remove();
  return store;
};

test("they lock, write and keep versions of these states, and reach nothing else in the bucket", async () => {
  const credentials = JSON.parse(await mint("--format", "json", "--ttl", "10m"));
  const [store, lock] = [as(credentials), newLock("ci")];
  await store.lock(lock);
  await store.write(stateOf(1), lock);
  await store.write(stateOf(2), lock);
  await store.unlock(lock);
  expect((await store.versions()).map(({ serial }) => serial)).toEqual([1]);
  await expect(as(credentials, "other/terraform.tfstate").read()).rejects.toThrow(/403/);
  await expect(as(credentials, "other/terraform.tfstate").lock(lock)).rejects.toThrow(/403/);
});

test("for one stack they do not reach another, and read-only ones write nothing", async () => {
  const one = JSON.parse(await mint("--format", "json", "--stack", "proxmox-access", "--read-only"));
  await expect(as(one).read()).rejects.toThrow(/403/);
  const access = as(one, "proxmox/terraform-proxmox-access.tfstate");
  expect(await access.read()).toBeUndefined();
  await expect(access.lock(newLock("ci"))).rejects.toThrow(/403/);
});

test("a key that others begin with opens its own state alone", async () => {
  const CLUSTER_CONFIG = join(project.folder, "home.yaml");
  writeFileSync(CLUSTER_CONFIG, project.yaml().replace("backend: r2", "backend: r2\n  key: home"));
  const args = ["credentials", "--format", "json", "--stack", "cluster"];
  const env = { ...project.env, CLUSTER_CONFIG };
  const home = JSON.parse((await program.run(project.folder, args, env)).stdout);
  const [store, lock] = [as(home, "home"), newLock("ci")];
  await store.lock(lock);
  await store.write(stateOf(1), lock);
  await store.write(stateOf(2), lock);
  await store.unlock(lock);
  expect((await store.versions()).map(({ serial }) => serial)).toEqual([1]);
  for (const other of ["home-bootstrap", "home.tfstate"]) {
    await expect(as(home, other).read()).rejects.toThrow(/403/);
  }
});

test("they end", async () => {
  const credentials = JSON.parse(await mint("--format", "json", "--ttl", "1s"));
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await expect(as(credentials).read()).rejects.toThrow(/40[13]/);
});

test("a shell takes them as they come, and a job of GitHub Actions masks them", async () => {
  const lines = (await mint()).trim().split("\n");
  expect(lines.map((line) => line.replace(/='[^']+'$/, "=…"))).toEqual([
    "export AWS_ACCESS_KEY_ID=…",
    "export AWS_SECRET_ACCESS_KEY=…",
    "export AWS_SESSION_TOKEN=…",
  ]);
  const file = join(project.folder, "github-env");
  const env = { ...project.env, GITHUB_ENV: file };
  const { stdout } = await program.run(project.folder, ["credentials", "--format", "github"], env);
  const kept = readFileSync(file, "utf8").trim().split("\n");
  expect(kept.map((line) => line.split("=")[0])).toEqual([
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
  ]);
  for (const line of kept) expect(stdout).toContain(`::add-mask::${line.slice(line.indexOf("=") + 1)}`);
});

test("a token that may not is told so, without a secret in the message", async () => {
  const env = { ...project.env, CLOUDFLARE_API_TOKEN: "x".repeat(40) };
  const { exitCode, said } = await program.run(project.folder, ["credentials"], env);
  expect(exitCode).toBe(1);
  expect(said).toMatch(/answers 40[013].*CLOUDFLARE_API_TOKEN/);
  expect(said).not.toContain("x".repeat(40));
  expect(said).not.toContain(parent.AWS_SECRET_ACCESS_KEY);
});

test("an API that answers something else is told, without a stack trace", async () => {
  const server = createServer((_, response) => void response.end('{"result":{}}'));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const env = {
    ...project.env,
    CLOUDFLARE_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  const { exitCode, stderr } = await program.run(project.folder, ["credentials"], env);
  server.close();
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /^http:\S+ answers 200, but not in the form of Cloudflare's API; check CLOUDFLARE_BASE_URL[^\n]*\n$/,
  );
});

test("times", () => {
  expect(["90s", "30m", "12h", "7d"].map(parseTtl)).toEqual([90, 1800, 43_200, 604_800]);
  for (const wrong of ["0s", "8d", "1", "-1h", "1w", ""]) expect(() => parseTtl(wrong)).toThrow("--ttl");
});
