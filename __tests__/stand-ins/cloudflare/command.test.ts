import type { CloudflareStandIn } from "../../../stand-ins/cloudflare";
import { bundleWorker } from "../../../worker/build";
import { killPrograms, type RunningProgram, startProgram } from "../../support/running-program";
import { Api, StandIns } from "./support/cloudflare";

/** `npm run local -- cloudflare` as a program of its own, with the tfstate Worker in it. */
const standIns = new StandIns();
const folder = standIns.newFolder();
afterEach(killPrograms);
afterAll(() => standIns.end());

interface Ready extends Pick<CloudflareStandIn, "apiUrl" | "s3Url" | "accountId" | "env" | "apiToken"> {
  readonly workers: Readonly<Record<string, string>>;
}

async function start(...args: string[]): Promise<{ program: RunningProgram; ready: Ready }> {
  const program = startProgram("stand-ins/main.ts", ["cloudflare", "--folder", folder, ...args]);
  const ready = JSON.parse(await program.firstLine()) as Ready;
  return { program, ready: { ...ready, apiToken: ready.env.CLOUDFLARE_API_TOKEN ?? "" } };
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
  let { program, ready } = await start("--port", "0");
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
      { type: "durable_object_namespace", name: "PASSWORDS", class_name: "Passwords" },
      { type: "plain_text", name: "TFSTATE_USERNAME", text: "owner" },
      { type: "secret_text", name: "TFSTATE_PASSWORD", text: "correct horse" },
    ],
  };
  const api = () => new Api(ready);
  await api().post("r2/buckets", { name: "tfstate" });
  const migrations = { new_tag: "v1", new_sqlite_classes: ["StateObject", "Directory", "Passwords"] };
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

  program.child.kill("SIGKILL");
  await program.ended;
  const { port } = new URL(ready.apiUrl);
  ({ program, ready } = await start("--port", port));
  expect(await serial()).toBe(2);
  expect((await post(3)).status).toBe(200);

  program.child.kill("SIGTERM");
  expect(await program.ended).toBe(0);
  expect(program.lines()).toHaveLength(1);

  ({ program, ready } = await start("--port", "0"));
  expect(await serial()).toBe(3);
  program.child.kill("SIGINT");
  expect(await program.ended).toBe(0);
});
