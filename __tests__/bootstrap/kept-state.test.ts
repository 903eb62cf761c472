import { openKept } from "../../bootstrap/kept-state";
import type { BootstrapSetting } from "../../bootstrap/setting";
import { encryptedOf } from "../state/support/project";
import { ScriptedServer } from "../state/support/scripted-server";

const BEFORE = { TF_HTTP_USERNAME: "me", TF_HTTP_PASSWORD: "of before" };
const NOW = { TF_HTTP_USERNAME: "me", TF_HTTP_PASSWORD: "of now" };
const { signal } = new AbortController();

let server: ScriptedServer;
let accepted: readonly (readonly string[])[];
beforeAll(async () => {
  server = await ScriptedServer.start();
  server.answer = (response, { headers }) => {
    const [, password] = Buffer.from(`${headers.authorization?.slice(6)}`, "base64")
      .toString()
      .split(":");
    const [passwords = []] = accepted;
    if (accepted.length > 1) accepted = accepted.slice(1);
    response
      .writeHead(passwords.includes(`${password}`) ? 200 : 401, { "x-tfstate-worker": "1" })
      .end(encryptedOf(5));
  };
});
afterAll(() => server.stop());

const open = (patient: boolean) => {
  const env = { ...BEFORE, TF_VAR_tfstate_username: "me", TF_VAR_tfstate_password: "of now" };
  const setting = {
    place: { backend: "worker", url: `${server.url}/states/a` },
    state: { backend: "worker" },
    env,
  };
  return openKept({
    setting: setting as unknown as BootstrapSetting,
    outputs: patient ? {} : undefined,
    patient,
    signal,
    say: () => undefined,
  });
};

test("after an apply, a password of before that still opens the place is not what is handed on", async () => {
  accepted = [["of before"], ["of before", "of now"]];
  expect(await open(true)).toMatchObject({ variables: NOW, state: encryptedOf(5) });
});

test("before one, the first that opens it is taken at once", async () => {
  accepted = [["of before"]];
  expect(await open(false)).toMatchObject({ variables: BEFORE });
  accepted = [["of now"]];
  expect(await open(false)).toMatchObject({ variables: NOW });
});
