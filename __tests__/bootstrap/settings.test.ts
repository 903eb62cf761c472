import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientVariables, instructions } from "../../bootstrap/export-env";
import { loadBootstrapSettings } from "../../bootstrap/settings";
import { VALID } from "../config/support/cluster";

const ACCOUNT = { CLOUDFLARE_ACCOUNT_ID: "a".repeat(32) };
const SECRETS = {
  CLOUDFLARE_API_TOKEN: "token",
  TF_VAR_state_passphrase: "passphrase",
  TF_VAR_tfstate_username: "me",
  TF_VAR_tfstate_password: "password",
};
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "settings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(env: NodeJS.ProcessEnv, lines: readonly string[] = [], purpose?: "read" | "change") {
  const clusterFile = join(folder, "cluster.yaml");
  writeFileSync(clusterFile, `${VALID}${lines.join("\n")}\n`);
  return loadBootstrapSettings({ ...env, CLUSTER_CONFIG: clusterFile }, purpose);
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
  const all = ["bootstrap:", "  worker:", "    credentials: [owner, users, psk]", "    psk_namespace: me"];
  expect(names(SECRETS, all)).toEqual(["TF_VAR_tfstate_users", "TF_VAR_tfstate_psk"]);
  const without = ["bootstrap:", "  worker:", "    enabled: false"];
  expect(names({}, without)).toEqual(["CLOUDFLARE_API_TOKEN", "TF_VAR_state_passphrase"]);
});

describe("several clusters share a bootstrap:", () => {
  const ENV = { ...ACCOUNT, ...SECRETS };
  /** `a` describes nothing, `b` describes the bootstrap. */
  function loadTwo(a: string, b: string) {
    for (const [name, text] of Object.entries({ a, b })) {
      mkdirSync(join(folder, "clusters", name), { recursive: true });
      writeFileSync(join(folder, "clusters", name, "cluster.yaml"), text);
    }
    return loadBootstrapSettings({ ...ENV, CLUSTER_CONFIG: folder });
  }
  const other = VALID.replaceAll("10.0.0.", "10.0.1.").replaceAll("vm_id: 1", "vm_id: 2");
  const described = `${other}bootstrap: { worker: { name: ours } }\n`;

  test("its settings are in one of the files; its place is beside the folder of all", () => {
    const settings = loadTwo(VALID, described);
    expect(settings).toMatchObject({
      name: "b",
      folder,
      bootstrap: { worker: { workerName: "ours" } },
      cluster: "b (10.0.1.5)",
      clusters: ["a (10.0.0.5)", "b (10.0.1.5)"],
      usesWorker: false,
    });
    expect(instructions(settings, {}, "https://w.example", undefined)).toMatch(
      /next: npm run plan -- --cluster b\n.*\/states\/b, .*migrate --to worker --cluster b\n/,
    );
  });

  test("variables for the Worker are needed as soon as one of them uses it", () => {
    const worker = `${VALID}state: { backend: worker, url: https://w.example/states/a }\n`;
    const settings = loadTwo(worker, described);
    expect(clientVariables(settings, {})).toMatchObject({ TF_HTTP_USERNAME: "me" });
    const disabled = `${other}bootstrap: { worker: { enabled: false } }\n`;
    expect(() => loadTwo(worker, disabled)).toThrow(
      "state.backend is worker, but bootstrap.worker.enabled is false",
    );
  });
});

describe("what would lock the Worker is refused before anything is deployed", () => {
  const all = ["bootstrap:", "  worker:", "    credentials: [owner, users, psk]", "    psk_namespace: me"];
  const fine = {
    ...ACCOUNT,
    ...SECRETS,
    TF_VAR_tfstate_users: JSON.stringify([{ name: "alice", namespace: "me", password: "password of alice" }]),
    TF_VAR_tfstate_psk: "a key of enough length",
  };
  const hash = `pbkdf2-sha256$600000$${"A".repeat(22)}$${"A".repeat(43)}`;

  test("what is fine is not", () => {
    expect(() => load(fine, all)).not.toThrow();
  });

  test.each([
    ["TF_VAR_tfstate_password", hash, "TFSTATE_PASSWORD"],
    ["TF_VAR_tfstate_password", "tfs_secret-of-mine", "TFSTATE_PASSWORD"],
    ["TF_VAR_tfstate_username", "me:too", "TFSTATE_USERNAME"],
    ["TF_VAR_tfstate_users", '[{"name":"me","namespace":"me","password":"secret-of-mine"}]', "TFSTATE_USERS"],
    ["TF_VAR_tfstate_users", '{"name":"alice","password":"secret-of-mine"}', "TFSTATE_USERS"],
    ["TF_VAR_tfstate_psk", "tfs_secret-of-mine", "TFSTATE_PSK"],
  ])("%s=%s", (name, value, told) => {
    const attempt = () => load({ ...fine, [name]: value }, all);
    expect(attempt).toThrow(/^the Worker would be locked with these variables; nothing was changed:/);
    expect(attempt).toThrow(told);
    expect(attempt).not.toThrow("secret-of-mine");
    expect(() => load({ ...fine, [name]: value }, all, "read")).not.toThrow();
  });

  test("two entries of one issuer, in the file", () => {
    const entry = "{ audience: a, rules: [{ subject: '*', namespace: me, scopes: [read] }] }";
    const lines = ["bootstrap:", "  worker:", `    oidc: [${entry}, ${entry}]`];
    expect(() => load({ ...ACCOUNT, ...SECRETS }, lines)).toThrow("has an entry already");
  });

  test("variables of credentials that the Worker does not have are not looked at", () => {
    expect(() => load({ ...ACCOUNT, ...SECRETS, TF_VAR_tfstate_psk: "tfs_" })).not.toThrow();
  });
});

test("without an account id, the error says where to put it", () => {
  expect(() => load(SECRETS)).toThrow(
    /cluster\.yaml: no Cloudflare account id is set; set state\.account_id, or export CLOUDFLARE_ACCOUNT_ID/,
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
  expect(() => read({ AWS_ACCESS_KEY_ID: "a" })).toThrow(
    /^these variables are not set:\n {2}CLOUDFLARE_API_TOKEN {7}or AWS_ACCESS_KEY_ID and .*\n {2}TF_VAR_state_passphrase .*\nexport them, or put state_passphrase, cloudflare_api_token into secrets\.sops\.yaml: npm run secrets -- edit$/,
  );
  const passphrase = { TF_VAR_state_passphrase: "passphrase" };
  for (const opens of [
    { CLOUDFLARE_API_TOKEN: "t" },
    { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
  ]) {
    expect(read({ ...passphrase, ...opens })).toMatchObject({ location: { backend: "r2" } });
  }
});

test("a state in plain text is refused: passwords are in it", () => {
  const off = ["state:", "  encryption: { provider: off, reason: it is on an encrypted disk }"];
  expect(() => load({ ...ACCOUNT, ...SECRETS }, off)).toThrow(
    /cluster\.yaml: state\.encryption\.provider is off, but the state of the bootstrap stack holds .* use pbkdf2, aws_kms, gcp_kms or openbao/,
  );
});

test("the state of the stack is in the bucket, whatever the others use", () => {
  const locationWith = (env: NodeJS.ProcessEnv, lines?: readonly string[]) =>
    load({ ...ACCOUNT, ...SECRETS, ...env }, lines).location;
  const inBucket = { backend: "r2", bucket: "tfstate", key: "bootstrap.tfstate" };
  expect(locationWith({})).toMatchObject(inBucket);
  expect(
    locationWith({ STATE_BACKEND: "worker", STATE_URL: "https://tfstate.example.com/states/proxmox" }),
  ).toMatchObject(inBucket);
  const local = ["state:", `  path: ${folder}/cluster.tfstate`];
  expect(locationWith({ STATE_BACKEND: "local" }, local)).toMatchObject(inBucket);
});

test("two clusters of one name are told apart by the address of their API", () => {
  expect(load({ ...ACCOUNT, ...SECRETS }).cluster).toBe("talos (10.0.0.5)");
});
