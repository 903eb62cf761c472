import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCluster } from "../../config";
import { inheritedEnv } from "../support/inherited-env";
import { Terminal } from "../support/terminal";

/* The five questions, answered on a real terminal, which does not even say how large it is. */

const ENTER = "\r";
const CTRL_C = "\u0003";
const CTRL_U = "\u0015";

let folder: string;
let project: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "init-"));
  project = join(folder, "home");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The command, with a home that has no age key. */
const init = (args: readonly string[] = []) =>
  new Terminal("npm", ["run", "-s", "init", "--", "--folder", project, ...args], {
    env: { ...inheritedEnv(), HOME: folder, XDG_CONFIG_HOME: folder },
  });

test("five answers make a project; a wrong one is asked for again, with the reason", async () => {
  const terminal = init();
  await terminal.answer("Where is the API of Proxmox VE?", `pve:8006${ENTER}`);
  await terminal.answer('"pve:8006" is not the address', `${CTRL_U}https://pve.example.com:8006${ENTER}`);
  await terminal.answer("Which Proxmox hosts are the VMs on", `pve1,pve2${ENTER}`);
  await terminal.answer("Which network are the nodes in?", `10.30.0.0/24${ENTER}`);
  // Enter alone takes what is shown.
  await terminal.answer("Which free address does the Kubernetes API get?", ENTER);
  await terminal.answer("Where is the state kept?", `\x1b[B${ENTER}`);
  expect(await terminal.ended).toBe(0);
  expect(terminal.shown).toMatch(/wrote {2}\S*cluster\.yaml\r\n/);
  const { config } = loadCluster({
    clusterFile: join(project, "cluster.yaml"),
    env: { CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcdef" },
  });
  expect(config.proxmox.endpoint).toBe("https://pve.example.com:8006");
  expect(config.nodes.map(({ address, host }) => `${address} ${host}`)).toEqual([
    "10.30.0.11 pve1",
    "10.30.0.12 pve2",
    "10.30.0.13 pve1",
    "10.30.0.21 pve1",
    "10.30.0.22 pve2",
  ]);
  expect(config.state.backend).toBe("r2");
});

test("what was said is not asked, and Ctrl-C writes nothing", async () => {
  const terminal = init(["--proxmox-url", "https://pve.example.com:8006", "--hosts", "pve1"]);
  await terminal.answer("Which network are the nodes in?", CTRL_C);
  expect(await terminal.ended).toBe(1);
  expect(terminal.shown).toContain("nothing was written");
  expect(terminal.shown).not.toMatch(/Where is the API|Which Proxmox hosts/);
  expect(existsSync(project)).toBe(false);
});

test("nothing is asked where nobody would see the question", async () => {
  const file = join(folder, "output");
  const terminal = new Terminal("sh", ["-c", 'npm run -s init -- --folder "$0" > "$1"', project, file], {
    env: inheritedEnv(),
  });
  expect(await terminal.ended).toBe(1);
  expect(terminal.shown).toContain("--proxmox-url is missing; write it like --proxmox-url https://");
  expect(readFileSync(file, "utf8")).toBe("");
  expect(readdirSync(folder)).toEqual(["output"]);
});
