import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadBootstrapSetting } from "../../bootstrap/setting";
import { VALID } from "../config/support/cluster";

const root = join(__dirname, "../..");
const ACCOUNT = { CLOUDFLARE_ACCOUNT_ID: "a".repeat(32) };
const SECRETS = {
  CLOUDFLARE_API_TOKEN: "token",
  TF_VAR_state_passphrase: "passphrase",
  TF_VAR_tfstate_username: "me",
  TF_VAR_tfstate_password: "password",
};
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "setting-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(env: NodeJS.ProcessEnv, lines: readonly string[] = [], purpose?: "read" | "change") {
  const clusterFile = join(folder, "cluster.yaml");
  writeFileSync(clusterFile, `${VALID}${lines.join("\n")}\n`);
  return loadBootstrapSetting(root, { ...env, CLUSTER_CONFIG: clusterFile }, purpose);
}

test("every variable that is missing is named at once; an empty one is missing", () => {
  const names = (env: NodeJS.ProcessEnv, lines?: readonly string[]) => {
    try {
      load({ ...ACCOUNT, ...env }, lines);
      return [];
    } catch (error) {
      return (error as Error).message.match(/^ {2}\w+/gm)?.map((name) => name.trim());
    }
  };
  expect(names({})).toEqual(Object.keys(SECRETS));
  expect(names({ ...SECRETS, TF_VAR_tfstate_password: "" })).toEqual(["TF_VAR_tfstate_password"]);
  expect(names(SECRETS)).toEqual([]);
  const all = ["bootstrap:", "  worker:", "    credentials: [owner, users, psk]"];
  expect(names(SECRETS, all)).toEqual(["TF_VAR_tfstate_users", "TF_VAR_tfstate_psk"]);
  const without = ["bootstrap:", "  worker:", "    enabled: false"];
  expect(names({}, without)).toEqual(["CLOUDFLARE_API_TOKEN", "TF_VAR_state_passphrase"]);
});

test("where the state moves to the Worker, somebody has to be able to open it there", () => {
  const worker = {
    ...ACCOUNT,
    ...SECRETS,
    STATE_BACKEND: "worker",
    STATE_URL: "https://tfstate.example.com/states/a",
  };
  const [user, opens] = [
    { TF_VAR_tfstate_users: "[]" },
    { TF_HTTP_USERNAME: "ci", TF_HTTP_PASSWORD: "password" },
  ];
  const users = ["bootstrap:", "  worker:", "    credentials: [users]"];
  const wanted = /not set:\n {2}TF_HTTP_USERNAME .*\n {2}TF_HTTP_PASSWORD .*$/;
  expect(() => load({ ...worker, ...user }, users)).toThrow(wanted);
  expect(() => load({ ...worker, TF_VAR_tfstate_password: "pbkdf2-sha256$1" })).toThrow(wanted);
  expect(load({ ...worker, ...user, ...opens }, users)).toBeDefined();
  expect(load(worker)).toBeDefined();
});

test("without an account id, the error says where to put it", () => {
  expect(() => load(SECRETS)).toThrow(
    /cluster\.yaml: no Cloudflare account is known; set state\.account_id, or export CLOUDFLARE_ACCOUNT_ID/,
  );
});

test("the Worker cannot keep states where there is none", () => {
  const env = {
    ...ACCOUNT,
    ...SECRETS,
    STATE_BACKEND: "worker",
    STATE_URL: "https://tfstate.example.com/states/a",
  };
  expect(() => load(env, ["bootstrap:", "  worker:", "    enabled: false"])).toThrow(
    "state.backend is worker, but bootstrap.worker.enabled is false",
  );
});

test("to read what is there takes what opens the state, and nothing else", () => {
  const read = (env: NodeJS.ProcessEnv) => load({ ...ACCOUNT, ...env }, [], "read");
  expect(() => read({})).toThrow(/^these variables are not set:\n {2}TF_VAR_state_passphrase .*$/);
  expect(read({ TF_VAR_state_passphrase: "passphrase" })).toMatchObject({ place: { backend: "r2" } });
});

test("a state in plain text is refused: passwords are in it", () => {
  const off = ["state:", "  encryption: { provider: off, reason: it is on an encrypted disk }"];
  expect(() => load({ ...ACCOUNT, ...SECRETS }, off)).toThrow(
    /cluster\.yaml: state\.encryption\.provider is off, but bootstrap keeps .* use pbkdf2, aws_kms, gcp_kms or openbao/,
  );
});

test("the state of the stack goes beside that of the cluster", () => {
  const at = (env: NodeJS.ProcessEnv, lines?: readonly string[]) => {
    const { place, stateFile } = load({ ...ACCOUNT, ...SECRETS, ...env }, lines);
    return place ?? stateFile;
  };
  expect(at({})).toMatchObject({
    backend: "r2",
    bucket: "tfstate",
    key: "proxmox/terraform-bootstrap.tfstate",
  });
  expect(at({ STATE_BACKEND: "worker", STATE_URL: "https://tfstate.example.com/states/proxmox" })).toEqual({
    backend: "worker",
    url: "https://tfstate.example.com/states/proxmox-bootstrap",
  });
  expect(at({ STATE_BACKEND: "local" }, ["state:", `  path: ${folder}/cluster.tfstate`])).toBe(
    join(folder, "cluster-bootstrap.tfstate"),
  );
});
