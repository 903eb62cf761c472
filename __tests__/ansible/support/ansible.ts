import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { runGroup } from "../../../process/process-group";
import { inheritedEnv } from "../../support/inherited-env";
import { pythonVenv } from "../../support/python-venv";
import { ROOT } from "../../support/running-program";

const REQUIREMENTS = readFileSync(join(ROOT, "ansible/requirements.txt"), "utf8")
  .split("\n")
  .filter((line) => /^[\w-]+==/.test(line));
const COLLECTION =
  /version: (\S+)/.exec(readFileSync(join(ROOT, "ansible/requirements.yml"), "utf8"))?.[1] ?? "";

/** The bundle is ten times as big as all that is needed of it. */
const UNPACK = `import glob, json, sys, sysconfig, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/ansible-*.whl")[0])
collection = "ansible_collections/community/proxmox/"
version = json.loads(wheel.read(collection + "MANIFEST.json"))["collection_info"]["version"]
if version != sys.argv[2]: sys.exit("the bundle of requirements.txt has community.proxmox " + version + ", requirements.yml has not")
names = [name for name in wheel.namelist() if name.startswith(collection)]
wheel.extractall(sysconfig.get_path("purelib"), names)`;

/** Installs what `ansible/requirements.txt` pins, once on this machine. @returns the Python that has it */
async function resolveAnsible(): Promise<string> {
  const version = [...REQUIREMENTS.map((line) => line.replace("==", "-")), COLLECTION].join("_");
  const venv = await pythonVenv("ansible", version, async (pip, python) => {
    const bundle = REQUIREMENTS.filter((line) => line.startsWith("ansible=="));
    await pip("--only-binary=:all:", ...REQUIREMENTS.filter((line) => !bundle.includes(line)));
    const folder = mkdtempSync(join(tmpdir(), "ansible-wheel-"));
    try {
      await python("-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, ...bundle);
      await python("-c", UNPACK, folder, COLLECTION);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return join(venv, "bin/python");
}

export interface Played {
  readonly exitCode: number | null;
  readonly output: string;
  /** The same on one line: Ansible wraps its messages wherever it likes. */
  readonly said: string;
  /** How many tasks have changed something, or would. */
  readonly changed: number;
}

/** A machine with Ansible, the playbooks and an inventory, and without this program. */
export class AnsibleMachine {
  readonly folder = mkdtempSync(join(tmpdir(), "playbooks-"));

  private constructor(private readonly env: NodeJS.ProcessEnv) {}

  static async start(env: Readonly<Record<string, string>>): Promise<AnsibleMachine> {
    const python = await resolveAnsible();
    const machine = new AnsibleMachine({
      ...inheritedEnv(),
      ...env,
      ANSIBLE_NOCOLOR: "1",
      ANSIBLE_CONFIG: "ansible/ansible.cfg",
      PYTHONDONTWRITEBYTECODE: "1",
      // A module that is to be written to a file, with its arguments, fails.
      ANSIBLE_REMOTE_TEMP: "/dev/null/no-file",
    });
    const { folder } = machine;
    machine.env.HOME = folder;
    machine.env.PATH = [folder, process.env.PATH].join(delimiter);
    symlinkSync(join(ROOT, "ansible"), join(folder, "ansible"));
    // The programs of a virtual environment do not know that it was moved.
    writeFileSync(join(folder, "ansible-playbook"), `#!/bin/sh\nexec ${python} -m ansible playbook "$@"\n`);
    chmodSync(join(folder, "ansible-playbook"), 0o755);
    return machine;
  }

  writeInventory(inventory: object): void {
    writeFileSync(join(this.folder, "inventory.json"), JSON.stringify(inventory));
  }

  /** Runs a command of docs/ansible.md, as it is written there. @param limit the node that it is for */
  async play(command: string, limit?: string): Promise<Played> {
    const guide = readFileSync(join(ROOT, "docs/ansible.md"), "utf8");
    if (!guide.split(/\n| {2,}#/).includes(command))
      throw new Error(`docs/ansible.md does not say: ${command}`);
    const script = limit === undefined ? command : `${command} --limit ${limit}`;
    const { exitCode, output } = await runGroup("sh", ["-c", script], { cwd: this.folder, env: this.env });
    // The last line of each node: they go on counting from playbook to playbook.
    const recaps = [...output.matchAll(/^(\S+) +: ok=\d+ +changed=(\d+)/gm)];
    const changed = new Map(recaps.map(([, node, count]) => [node, Number(count)]));
    return {
      exitCode,
      output,
      said: output.replace(/\s+/g, " "),
      changed: [...changed.values()].reduce((sum, count) => sum + count, 0),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
