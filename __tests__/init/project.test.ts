import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCluster } from "../../config";
import { type Answers, completeAnswers } from "../../init/answers";
import { installCommand } from "../../init/manifest";
import { projectFiles } from "../../init/project-files";
import { writeProject } from "../../init/write-project";

const GIVEN: Partial<Answers> = {
  proxmoxUrl: "https://pve.example.com:8006",
  hosts: "pve1, pve2",
  network: "10.20.0.0/24",
};
const files = (answers: Partial<Answers> = GIVEN, more: { recipients?: string; workflows?: string } = {}) =>
  projectFiles({ answers: completeAnswers(answers), name: "home", commands: ["plan", "deploy"], ...more });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "init-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ["IPv4", GIVEN, ["10.20.0.11", "10.20.0.12", "10.20.0.13", "10.20.0.21", "10.20.0.22"]],
  [
    "IPv6",
    { ...GIVEN, network: "fd00:1::/64" },
    ["fd00:1::b", "fd00:1::c", "fd00:1::d", "fd00:1::15", "fd00:1::16"],
  ],
])("the cluster of the template is one, in a network of %s", (_, given, addresses) => {
  writeProject(folder, files(given));
  const { config } = loadCluster({ clusterFile: join(folder, "cluster.yaml") });
  expect(config.nodes.map(({ address }) => address)).toEqual(addresses);
  expect(config.nodes.map(({ host }) => host)).toEqual(["pve1", "pve2", "pve1", "pve1", "pve2"]);
  expect(config.state).toMatchObject({ backend: "local" });
});

test("everything that is wrong is said at once", () => {
  const wrong = { proxmoxUrl: "pve:8006", hosts: "pve_1", state: "worker" };
  expect(() => completeAnswers(wrong)).toThrow(
    [
      '--proxmox-url "pve:8006" is not the address of the API; write it like https://pve.example.com:8006',
      '--hosts "pve_1" is not the name of a Proxmox node; use at most 63 of A-Z, a-z, 0-9 and -, with a letter or digit at both ends',
      "--network is missing; write it like --network 10.20.0.0/24",
      '--state "worker" is not a place to begin with; use local or r2, and move it later with state migrate',
    ].join("\n"),
  );
});

test.each([
  ["10.20.0.0/28", undefined, "10.20.0.10 and the 13 addresses after it are not all in 10.20.0.0/28"],
  ["10.20.0.0/24", "10.20.0.250", "10.20.0.250 and the 13 addresses after it are not all in 10.20.0.0/24"],
  ["10.20.0.0/24", "10.20.0", '"10.20.0" is not an address'],
])("in %s, %s is no address of the API", (network, apiAddress, problem) => {
  expect(() => completeAnswers({ ...GIVEN, network, apiAddress })).toThrow(`--api-address ${problem}`);
});

test("a file that is there stays as it is, and one that is the same is no news", () => {
  writeFileSync(join(folder, "cluster.yaml"), "mine: true\n");
  const all = files();
  const first = writeProject(folder, all);
  expect(first.kept).toEqual(["cluster.yaml"]);
  expect(first.written).toEqual([...all.keys()].filter((name) => name !== "cluster.yaml"));
  expect(readFileSync(join(folder, "cluster.yaml"), "utf8")).toBe("mine: true\n");
  expect(writeProject(folder, all)).toEqual({ written: [], kept: ["cluster.yaml"] });
});

test(".sops.yaml is for those who can read it, and workflows for a commit", () => {
  expect(files().has(".sops.yaml")).toBe(false);
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const all = files(GIVEN, { recipients: "age1abc", workflows: `me/fork@${commit}` });
  expect(all.get(".sops.yaml")).toContain("age1abc");
  expect(all.get(".github/workflows/plan.yml")).toContain(
    `uses: me/fork/.github/workflows/plan.yml@${commit}`,
  );
  expect([...all.values()].join("\n")).not.toContain("@@");
});

test.each([
  [
    "AGE-SECRET-KEY-1QQQQ",
    'an identity, which is a secret: give its recipient, which "age-keygen -y" prints',
  ],
  ["age1abc,me", '"me" is not a public key of age; write it like age1…'],
  ["age1abc,", '"" is not a public key of age'],
])(".sops.yaml is never for %s", (recipients, message) => {
  expect(() => files(GIVEN, { recipients })).toThrow(message);
});

test("its packages have the versions that this one is tested with", () => {
  const { dependencies, scripts } = JSON.parse(files().get("package.json") ?? "");
  expect(Object.values(dependencies)).toEqual(
    Object.keys(dependencies).map(() => expect.stringMatching(/^\d+\.\d+\.\d+$/)),
  );
  expect(scripts).toEqual({ plan: "cdktf-proxmox-talos plan", deploy: "cdktf-proxmox-talos deploy" });
  expect(installCommand()).toContain(` cdktf-cli@${dependencies["cdktf-cli"]} `);
});
