import { ACCOUNT } from "../support/cloudflare-account";
import { append, edit, parse, problemsOf } from "./support/cluster";

const ZONE = "fedcba9876543210fedcba9876543210";
const env = { CLOUDFLARE_ACCOUNT_ID: ACCOUNT };
/** The section's first line is line 31 of the file. */
const withSection = (...lines: readonly string[]) =>
  edit(append("bootstrap:", ...lines.map((each) => `  ${each}`)));
const bootstrapOf = (text: string) => parse(text, env).config.bootstrap;

test("where an account is known there is a bootstrap, section or not", () => {
  expect(parse(edit()).config.bootstrap).toBeUndefined();
  expect(bootstrapOf(edit())).toMatchSnapshot();
  expect(parse(edit(append("state:", `  account_id: ${ACCOUNT}`))).config.bootstrap?.accountId).toBe(ACCOUNT);
});

test("where none is known the cluster does without, and a section that is left out is told", () => {
  const { config, warnings } = parse(withSection("history_lock_days: 7"));
  expect(config.bootstrap).toBeUndefined();
  expect(warnings).toEqual([
    "cluster.yaml:30: bootstrap is ignored, because no account id is set; set state.account_id, or CLOUDFLARE_ACCOUNT_ID on the machine that deploys it",
  ]);
  expect(parse(edit()).warnings).toEqual([]);
});

test("bucket and jurisdiction are those of the state", () => {
  const text = edit(append("state:", "  bucket: states", "  jurisdiction: eu"));
  expect(bootstrapOf(text)).toMatchObject({
    bucketName: "states",
    jurisdiction: "eu",
    backupBucketName: "states-backup",
    worker: { workerName: "states" },
    token: { tokenName: "states" },
  });
});

test("everything that can be said", () => {
  const text = withSection(
    "location: weur",
    "backup_bucket: copies",
    "history_lock_days: 10",
    "history_days: 0",
    "backup_days: 100",
    "worker:",
    "  name: states",
    `  domain: { hostname: tfstate.example.com, zone_id: ${ZONE}, clients_moved: true }`,
    "  cron: '0 * * * *'",
    "  credentials: [psk]",
    "  psk_namespace: home",
    "  oidc:",
    "    - audience: tfstate",
    "      rules:",
    "        - { subject: 'repo:me/*', namespace: me, scopes: [read, lock], states: [prod-*] }",
    "  mtls:",
    "    - { subject: 'CN=laptop', namespace: me, scopes: [admin] }",
    "  encryption: required",
    "  s3_clients: true",
    "  keep_versions: 5",
    "  keep_days: 20",
    "  base_path: /tfstate",
    "  observability: false",
    "token: { name: ci, access: read, expires_on: 2027-01-31T00:00:00Z }",
  );
  expect(bootstrapOf(text)).toEqual({
    accountId: ACCOUNT,
    bucketName: "tfstate",
    jurisdiction: undefined,
    locationHint: "weur",
    backupBucketName: "copies",
    historyLockDays: 10,
    historyDays: 0,
    backupDays: 100,
    worker: {
      workerName: "states",
      domain: { hostname: "tfstate.example.com", zoneId: ZONE, clientsMoved: true },
      workersDevSubdomain: undefined,
      cron: "0 * * * *",
      observability: false,
      settings: {
        credentials: ["psk"],
        pskNamespace: "home",
        oidc: [
          {
            audience: "tfstate",
            rules: [{ subject: "repo:me/*", namespace: "me", scopes: ["read", "lock"], states: ["prod-*"] }],
          },
        ],
        mtls: [{ subject: "CN=laptop", namespace: "me", scopes: ["admin"] }],
        encryption: "required",
        servesS3Clients: true,
        keepVersions: 5,
        keepDays: 20,
        basePath: "/tfstate",
      },
    },
    token: { tokenName: "ci", access: "read", expiresOn: "2027-01-31T00:00:00Z" },
  });
  expect(bootstrapOf(withSection("worker: { enabled: false }"))?.worker).toBeUndefined();
});

const WRONG: readonly (readonly [lines: readonly string[], problem: string])[] = [
  [
    ["backup_bucket: tfstate"],
    "31: bootstrap.backup_bucket tfstate is state.bucket too, and a copy beside the original is lost with it; name another bucket",
  ],
  [
    ["worker: { s3_clients: false }"],
    "31: bootstrap.worker.s3_clients false does not go with state.backend r2, which is such a client; remove it, or use the backend worker",
  ],
  [
    ["history_days: 30"],
    "31: bootstrap.history_days 30 is not more than history_lock_days 30; use a longer time, or a shorter lock",
  ],
  [
    ["backup_days: 7"],
    "31: bootstrap.backup_days 7 is not more than history_lock_days 30; use a longer time, or a shorter lock",
  ],
  [
    ["history_days: 60"],
    "31: bootstrap.history_days 60 is less than worker.keep_days 90, and the bucket would delete versions that the Worker keeps; use 90 or more",
  ],
  [
    ["worker:", "  keep_days: 7"],
    "32: bootstrap.worker.keep_days 7 is less than history_lock_days 30, and the Worker cannot delete what is locked; use 30 or more",
  ],
  [
    ["worker:", `  domain: { hostname: a.example.com, zone_id: ${ZONE} }`, "  workers_dev_subdomain: me"],
    "33: bootstrap.worker.workers_dev_subdomain me has no effect with domain, which is the address of the Worker; remove one of them",
  ],
  [
    ["worker:", "  credentials: []"],
    "32: bootstrap.worker.credentials is empty, and so are oidc and mtls: nobody could use the Worker; add an entry to one of them",
  ],
  [
    ["worker:", "  psk_namespace: home"],
    "32: bootstrap.worker.psk_namespace home has no effect without psk in credentials; add psk there",
  ],
  [
    ["worker:", "  credentials: [owner, psk]"],
    "31: bootstrap.worker.psk_namespace is missing, and others than the holders of the key use the Worker too; name the namespace that they share, or default for one of their own",
  ],
  [
    ["worker:", "  mtls:", "    - { namespace: me, scopes: [read] }"],
    "33: bootstrap.worker.mtls[0] has neither fingerprint nor subject; add one of them",
  ],
  [
    ["worker:", "  mtls:", "    - { subject: '*a*a*a*a*a*a*a*a*a*a*c', namespace: me, scopes: [read] }"],
    '33: bootstrap.worker.mtls[0].subject "*a*a*a*a*a*a*a*a*a*a*c" is not a pattern; use 1 to 500 characters, at most 10 of them stars',
  ],
  [
    [
      "worker:",
      "  oidc:",
      "    - { audience: a, rules: [{ subject: '*', namespace: me, scopes: [read] }] }",
      "    - { audience: b, rules: [{ subject: '*', namespace: me, scopes: [read] }] }",
    ],
    "34: bootstrap.worker.oidc[1] GitHub Actions has an entry already, and only the first one would count; put the rules of both into one",
  ],
  [
    [
      "worker:",
      "  oidc:",
      "    - { issuer: 'https://gitlab.com#a', audience: a, rules: [{ subject: '*', namespace: me, scopes: [read] }] }",
    ],
    '33: bootstrap.worker.oidc[0].issuer "https://gitlab.com#a" has a query or a fragment; write it like https://gitlab.com',
  ],
  [
    ["location: europe"],
    "31: bootstrap.location europe is not one of wnam, enam, weur, eeur, apac, oc; use one of them",
  ],
  [
    ["history_lock_day: 3"],
    "31: bootstrap.history_lock_day is not a known key; did you mean history_lock_days?",
  ],
  [
    ["worker:", "  domain: { hostname: example, zone_id: 12 }"],
    "32: bootstrap.worker.domain.hostname example is not a host name; write it like tfstate.example.com, in lower case",
  ],
  [
    ["worker:", "  cron: daily"],
    "32: bootstrap.worker.cron daily is not a cron expression; write five fields, like 17 3 * * * for every day at 03:17 UTC",
  ],
  [
    ["worker:", "  base_path: tfstate/"],
    "32: bootstrap.worker.base_path tfstate/ is not a path; write it like /tfstate, without a slash at its end",
  ],
  [
    ["worker:", "  credentials: [owners]"],
    "32: bootstrap.worker.credentials[0] owners is not one of owner, users, psk; did you mean owner?",
  ],
  [
    ["token:", "  expires_on: 2027-13-01T00:00:00Z"],
    "32: bootstrap.token.expires_on 2027-13-01T00:00:00Z is not a time; write it like 2027-01-31T00:00:00Z",
  ],
];

test.each(WRONG)("%j is refused", (lines, problem) => {
  expect(problemsOf(withSection(...lines), env)).toContain(`cluster.yaml:${problem}`);
});

test("a default name that is too long is told, account or not known", () => {
  const bucket = "b".repeat(60);
  const text = edit(append("state:", `  bucket: ${bucket}`));
  expect(problemsOf(text)).toEqual([]);
  expect(problemsOf(text, env)).toEqual([
    `cluster.yaml:1: bootstrap.backup_bucket is missing, and ${bucket}-backup is longer than 63 characters; name the bucket`,
  ]);
});

test("the Worker takes the settings that pass here", () => {
  // Its types are those of the Workers runtime.
  const { configurationDefects } = require("../../worker/src/configuration") as {
    configurationDefects(env: object): readonly string[];
  };
  const grant = "namespace: me, scopes: [read, write, lock, admin]";
  const text = withSection(
    "worker:",
    "  credentials: []",
    `  oidc: [{ audience: tfstate, rules: [{ subject: 'repo:me/*', ${grant} }] }]`,
    `  mtls: [{ fingerprint: ${"ab".repeat(32)}, ${grant} }]`,
  );
  const settings = bootstrapOf(text)?.worker?.settings;
  const defects = configurationDefects({
    TFSTATE_OIDC: JSON.stringify(settings?.oidc),
    TFSTATE_MTLS: JSON.stringify(settings?.mtls),
  });
  expect(defects).toEqual([]);
});
