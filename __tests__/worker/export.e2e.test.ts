import { execFile } from "node:child_process";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type RemoteBackends, startRemoteBackends } from "../state/support/remote-backends";
import { TYPESCRIPT } from "../support/running-program";
import { closeConnections, lockInfo, State, type Target } from "./conformance/client";
import {
  ClientFolder,
  data,
  encryption,
  httpBackend,
  newFolder,
  removeFolders,
} from "./support/client-folder";

/** What the Worker keeps is no prison: plain OpenTofu reads it, from an export and from the bucket itself. */
const root = join(__dirname, "..", "..");
let remote: RemoteBackends;
let owner: Target;
beforeAll(async () => {
  remote = await startRemoteBackends();
  owner = {
    url: remote.workerUrl,
    username: remote.env.TF_HTTP_USERNAME ?? "",
    password: remote.env.TF_HTTP_PASSWORD ?? "",
  };
});
afterAll(async () => {
  await closeConnections();
  await remote.stop();
  await removeFolders();
});

/** A folder of its own, with these resources and that backend. */
async function project(backend: string, settings: string, extra: string, ...resources: string[]) {
  const folder = new ClientFolder(process.env.TERRAFORM_BINARY_NAME ?? "tofu", await newFolder(), remote.env);
  await folder.write(
    `terraform {\n  backend "${backend}" {\n    ${settings}\n  }\n${extra}\n}\n${resources.join("\n")}\n`,
  );
  return folder;
}

const s3Backend = (name: string): string => `
    bucket = "tfstate"
    key = "owner/${name}.tfstate"
    region = "auto"
    use_path_style = true
    use_lockfile = true
    skip_credentials_validation = true
    skip_metadata_api_check = true
    skip_region_validation = true
    skip_requesting_account_id = true
    skip_s3_checksum = true`;

const nothingToChange = async (folder: ClientFolder): Promise<void> =>
  expect((await folder.run("plan", "-detailed-exitcode", "-no-color")).exitCode).toBe(0);

async function exportTo(folder: string): Promise<void> {
  const env = { ...process.env, TFSTATE_USERNAME: owner.username, TFSTATE_PASSWORD: owner.password };
  const args = [...TYPESCRIPT, "cli/worker-admin.ts", "export", "--url", owner.url, "--out", folder];
  await promisify(execFile)(process.execPath, args, { cwd: root, env });
}

test.each([
  ["plain", ""],
  ["encrypted", encryption],
])("a state (%s) is exported, and the local backend goes on with it", async (name, extra) => {
  const state = new State(owner, `exported-${name}`);
  const online = await project("http", httpBackend(state), extra, data("a", "kept"), data("b"));
  await online.succeed("init", "-no-color");
  await online.succeed("apply", "-auto-approve", "-no-color");
  const exported = await newFolder();
  await exportTo(exported);
  const file = join(exported, `${state.name}.tfstate`);
  expect((await readFile(file, "utf8")).includes("kept")).toBe(name === "plain");

  const offline = await project("local", 'path = "kept.tfstate"', extra, data("a", "kept"), data("b"));
  await copyFile(file, join(offline.folder, "kept.tfstate"));
  await offline.succeed("init", "-no-color");
  await nothingToChange(offline);
  expect((await offline.succeed("state", "list", "-no-color")).trim().split("\n").sort().join()).toBe(
    "terraform_data.a,terraform_data.b",
  );
  await offline.write(
    (await readFile(join(offline.folder, "main.tf"), "utf8")).replace(data("b"), data("b", "2")),
  );
  expect(await offline.succeed("apply", "-auto-approve", "-no-color")).toMatch(
    /0 added, 1 changed, 0 destroyed/,
  );
});

test("the S3 backend takes over at the Worker's own object, and the Worker takes over again", async () => {
  const state = new State(owner, "shared");
  const http = await project("http", httpBackend(state), "", data("a"));
  await http.succeed("init", "-no-color");
  await http.succeed("apply", "-auto-approve", "-no-color");

  const s3 = await project("s3", s3Backend("shared"), "", data("a"), data("b"));
  await s3.succeed("init", "-no-color");
  expect(await s3.succeed("plan", "-no-color")).toMatch(/1 to add, 0 to change, 0 to destroy/);
  const info = lockInfo("someone@elsewhere");
  expect((await state.lock(info)).status).toBe(200);
  expect(await s3.fail("apply", "-auto-approve", "-no-color")).toContain(info.ID);
  expect((await state.unlock(info)).status).toBe(200);
  await s3.succeed("apply", "-auto-approve", "-no-color");

  expect(await http.succeed("plan", "-no-color")).toMatch(/0 to add, 0 to change, 1 to destroy/);
  await http.write((await readFile(join(http.folder, "main.tf"), "utf8")) + data("b"));
  await nothingToChange(http);
  await nothingToChange(s3);
  expect((await state.send("GET", "/versions")).text).toContain('"source":"s3"');
});
