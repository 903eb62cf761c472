import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newLock } from "../../state/locks";
import { R2Client } from "../../state/r2-client";
import { encryptedOf, type StateProject, stateOf } from "../state/support/project";
import { useBackends } from "../state/support/use-backends";
import { linesOf, removeSites, site } from "./support/site";

/* The check of the state's backend, on real R2 and Worker stand-ins. */

const backends = useBackends();
afterEach(removeSites);

/** A site whose state is that of the project. */
function at(project: StateProject, env: Readonly<Record<string, string>> = {}) {
  const state = project.yaml().slice(project.yaml().indexOf("state:"));
  return site({ yaml: state, env: { ...project.env, ...env } });
}
const check = (project: StateProject, env?: Readonly<Record<string, string>>) =>
  linesOf("state", at(project, env));

/** Every object in the bucket, and every state and lock that the Worker lists. */
async function everything() {
  const { env } = backends;
  const credentials = {
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
  };
  const objects = await new R2Client(backends.s3Url, "tfstate", credentials).list("");
  const authorization = `Basic ${Buffer.from(`${env.TF_HTTP_USERNAME}:${env.TF_HTTP_PASSWORD}`).toString("base64")}`;
  const lists = ["/states", "/locks"].map(async (path) =>
    (await fetch(`${backends.workerUrl}${path}`, { headers: { authorization } })).text(),
  );
  return [objects.map(({ key, etag }) => [key, etag]), await Promise.all(lists)];
}

test.each(["r2", "worker"] as const)(
  "%s: a lock is taken and given back, and nothing is left behind",
  async (backend) => {
    const project = backends.project({ backend });
    await project.write(backend, encryptedOf(3));
    const before = await everything();
    expect(await check(project)).toEqual([
      expect.stringMatching(/^pass cluster: .* serial 3, .* encrypted/),
      "pass encrypted, as configured",
      ...(backend === "worker"
        ? [expect.stringContaining("pass same bytes as the Worker's current version")]
        : []),
      "pass not locked",
      backend === "worker"
        ? "pass these credentials may lock and write it"
        : expect.stringMatching(
            /^pass a lock beside it, on .*-doctor-[0-9a-f]{8}\.tfstate, was taken and given back$/,
          ),
    ]);
    expect(await everything()).toEqual(before);
  },
);

test.each(["r2", "worker", "local"] as const)(
  "%s: a version in plain text from before the encryption is told, with what is in it",
  async (backend) => {
    const folder = mkdtempSync(join(tmpdir(), "doctor-versions-"));
    const made = (name: string) =>
      backends.project({ backend, state: [`path: ${join(folder, name)}.tfstate`] });
    const project = made("new");
    const versions = () => linesOf("versions", at(project));
    expect(await versions()).toEqual(["pass there is none"]);
    await project.write(backend, encryptedOf(3));
    await project.write(backend, encryptedOf(4));
    expect(await versions()).toEqual([expect.stringMatching(/^pass no secret in the oldest \d/)]);
    const plain = made("old");
    const secrets = Buffer.from(
      stateOf(1).toString().replace('"type":"terraform_data"', '"type":"talos_machine_secrets"'),
    );
    await plain.write(backend, secrets);
    await plain.write(backend, encryptedOf(2));
    const [old] = (await plain.store().versions()).filter(({ current }) => !current);
    expect(await linesOf("versions", at(plain))).toEqual([
      `warn in plain text, with the secrets of Talos, while the state of now is encrypted: ${old?.id} → delete them: docs/runbooks/secrets-in-old-states.md`,
    ]);
    rmSync(folder, { recursive: true });
  },
);

test("a state in plain text, and one that somebody holds for hours, fail", async () => {
  const project = backends.project({ backend: "r2" });
  await project.write("r2", stateOf(1));
  const lock = { ...newLock("apply"), Created: "2026-01-01T00:00:00Z" };
  await project.store().lock(lock);
  const lines = await check(project);
  expect(lines).toContainEqual(
    expect.stringMatching(/^fail it is in plain text, but state\.encryption is on/),
  );
  expect(lines).toContainEqual(
    expect.stringMatching(new RegExp(`^fail locked by .*unlock ${lock.ID} → npm run state -- verify`)),
  );
  expect((await project.store().holder())?.ID).toBe(lock.ID);
  await project.store().unlock(lock);
});

test.each<[string, "r2" | "worker", Readonly<Record<string, string>>, RegExp]>([
  [
    "no credentials for R2",
    "r2",
    { AWS_ACCESS_KEY_ID: "" },
    /^fail AWS_ACCESS_KEY_ID is not set → export AWS_ACCESS_KEY_ID, or/,
  ],
  [
    "an unknown key for R2",
    "r2",
    { AWS_ACCESS_KEY_ID: "b".repeat(32) },
    /^fail r2 GET .* answers 40[13] .* → check AWS_ACCESS_KEY_ID/,
  ],
  [
    "R2 out of reach",
    "r2",
    { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" },
    /^fail .*127\.0\.0\.1:1 does not answer/,
  ],
  [
    "no password for the Worker",
    "worker",
    { TF_HTTP_PASSWORD: "" },
    /^fail TF_HTTP_PASSWORD is not set → export TF_HTTP_PASSWORD, or/,
  ],
  [
    "a wrong password for the Worker",
    "worker",
    { TF_HTTP_PASSWORD: "x" },
    /^fail .* answers 401: .* → check TF_HTTP_USERNAME/,
  ],
])("fails with %s", async (_, backend, env, text) => {
  expect(await check(backends.project({ backend }), env)).toEqual([expect.stringMatching(text)]);
});

test("fails without the bucket", async () => {
  const project = backends.project({ backend: "r2" });
  backends.setBucket(false);
  expect(await check(project)).toEqual([
    expect.stringMatching(/^fail r2 \S+ has no bucket tfstate → check state\.bucket/),
  ]);
  backends.setBucket(true);
});

test("a Worker without the state is not left with one", async () => {
  const project = backends.project({ backend: "worker" });
  const before = await everything();
  expect(await check(project)).toContain("pass these credentials may lock and write it");
  expect(await everything()).toEqual(before);
});

test("who may only read fails at the Worker, and temporary credentials of one state warn at R2", async () => {
  const { fetch } = globalThis;
  const refusing = (method: string, answer: () => Response) =>
    jest
      .spyOn(globalThis, "fetch")
      .mockImplementation((input, init) =>
        (init?.method ?? (input as Request).method) === method
          ? Promise.resolve(answer())
          : fetch(input, init),
      );
  const forbidden = () => new Response('{"message":"lacks write scope"}', { status: 403 });
  let spy = refusing("UNLOCK", forbidden);
  const atWorker = await check(backends.project({ backend: "worker" }));
  spy.mockRestore();
  expect(atWorker.at(-1)).toMatch(/^fail it cannot be locked: .* answers 403: lacks write scope →/);

  spy = refusing("PUT", () => new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 }));
  const project = backends.project({ backend: "r2" });
  const readOnly = await check(project);
  const here = at(project);
  const temporary = await linesOf("state", { ...here, env: { ...here.env, AWS_SESSION_TOKEN: "some" } });
  spy.mockRestore();
  expect(readOnly.at(-1)).toMatch(
    /^fail no lock could be taken beside it: r2 PUT .* answers 403 \(AccessDenied\) →/,
  );
  expect(temporary.at(-1)).toMatch(/^warn it can be read; whether it can be written is not known/);
});

describe("local", () => {
  const folder = mkdtempSync(join(tmpdir(), "doctor-local-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const yaml = (path: string) =>
    `state: { backend: local, path: ${path}, encryption: { provider: "off", reason: a test } }\n`;

  test("a lock is taken on a file beside it, which goes again", async () => {
    const path = join(folder, "a.tfstate");
    expect(await linesOf("state", site({ yaml: yaml(path) }))).toEqual([
      expect.stringMatching(/^pass cluster: no state in local \S+a\.tfstate/),
      "pass not locked",
      expect.stringMatching(/^pass a lock beside it, on local \S+a\.tfstate\.doctor-\w+, was taken/),
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a folder that is made later is not made", async () => {
    const lines = await linesOf("state", site({ yaml: yaml(join(folder, "later/deep/a.tfstate")) }));
    expect(lines.at(-1)).toBe(`pass ${folder} is writable`);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("fails where nothing can be written", async () => {
    // For root, a folder is writable whatever its mode is; below /proc nothing is.
    const closed = process.getuid?.() === 0 ? "/proc/1" : join(folder, "closed");
    if (closed.startsWith(folder)) {
      mkdirSync(closed);
      chmodSync(closed, 0o500);
    }
    const lines = await linesOf("state", site({ yaml: yaml(join(closed, "deeper/a.tfstate")) }));
    expect(lines.at(-1)).toMatch(
      /^fail the state cannot be written: \S+ is not writable → correct state\.path/,
    );
  });
});
