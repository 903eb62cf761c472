import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { CloudflareStandIn } from "../../../stand-ins/cloudflare";
import { bundleWorker } from "../../../worker/build";
import { Api, StandIns } from "./support/cloudflare";

/** `npm run local -- cloudflare` as a program of its own, with the tfstate Worker in it. */
const ROOT = resolve(__dirname, "../../..");
const TS_NODE = join(ROOT, "node_modules", ".bin", "ts-node");

const standIns = new StandIns();
const folder = standIns.newFolder();
let child: ChildProcess | undefined;
afterEach(() => child?.kill("SIGKILL"));
afterAll(() => standIns.end());

interface Ready extends Pick<CloudflareStandIn, "apiUrl" | "s3Url" | "accountId" | "env" | "apiToken"> {
  readonly workers: Readonly<Record<string, string>>;
}

async function run(...args: string[]): Promise<{ process: ChildProcess; ready: Ready; lines: string[] }> {
  const process = spawn(TS_NODE, ["--swc", "stand-ins/main.ts", "cloudflare", "--folder", folder, ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  child = process;
  const lines: string[] = [];
  const output = createInterface({ input: process.stdout });
  output.on("line", (line) => lines.push(line));
  await once(output, "line");
  const ready = JSON.parse(lines[0] ?? "") as Ready;
  return { process, lines, ready: { ...ready, apiToken: ready.env.CLOUDFLARE_API_TOKEN ?? "" } };
}

const owner = { authorization: `Basic ${Buffer.from("owner:correct horse").toString("base64")}` };
const state = (serial: number) =>
  JSON.stringify({
    version: 4,
    terraform_version: "1.12.6",
    serial,
    lineage: "l",
    outputs: {},
    resources: [],
  });

test("the tfstate Worker keeps its states through an update, a restart and kill -9", async () => {
  let { process, ready, lines } = await run("--port", "0");
  expect(ready.env).toEqual({
    CLOUDFLARE_BASE_URL: ready.apiUrl,
    CLOUDFLARE_ACCOUNT_ID: ready.accountId,
    CLOUDFLARE_API_TOKEN: expect.stringMatching(/^[\w-]{40}$/),
    AWS_ENDPOINT_URL_S3: ready.s3Url,
  });
  expect(ready.apiUrl).toBe(`${ready.s3Url}/client/v4`);

  const code = await bundleWorker();
  const metadata = {
    compatibility_flags: ["nodejs_compat"],
    bindings: [
      { type: "r2_bucket", name: "BUCKET", bucket_name: "tfstate" },
      { type: "durable_object_namespace", name: "STATE", class_name: "StateObject" },
      { type: "durable_object_namespace", name: "DIRECTORY", class_name: "Directory" },
      { type: "plain_text", name: "TFSTATE_USERNAME", text: "owner" },
      { type: "secret_text", name: "TFSTATE_PASSWORD", text: "correct horse" },
    ],
  };
  const api = () => new Api(ready);
  await api().post("r2/buckets", { name: "tfstate" });
  const migrations = { new_tag: "v1", new_sqlite_classes: ["StateObject", "Directory"] };
  expect(await api().upload("tfstate", code, { ...metadata, migrations })).toMatchObject({ status: 200 });
  await api().post("workers/scripts/tfstate/subdomain", { enabled: true });

  const url = `${ready.workers.tfstate}/states/cluster`;
  const post = (serial: number) => fetch(url, { method: "POST", headers: owner, body: state(serial) });
  const serial = async () =>
    ((await (await fetch(url, { headers: owner })).json()) as { serial: number }).serial;
  expect((await post(1)).status).toBe(200);
  expect((await post(2)).status).toBe(200);

  expect(await api().upload("tfstate", `${code}\n// changed`, metadata)).toMatchObject({ status: 200 });
  expect(await serial()).toBe(2);
  expect((await post(1)).status).toBe(409);

  process.kill("SIGKILL");
  await once(process, "exit");
  const { port } = new URL(ready.apiUrl);
  ({ process, ready, lines } = await run("--port", port));
  expect(await serial()).toBe(2);
  expect((await post(3)).status).toBe(200);

  const ended = once(process, "exit");
  process.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(lines).toHaveLength(1);

  ({ process, ready } = await run("--port", "0"));
  expect(await serial()).toBe(3);
  const interrupted = once(process, "exit");
  process.kill("SIGINT");
  expect(await interrupted).toEqual([0, null]);
});
