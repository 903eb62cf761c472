import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { endWithTests } from "../../support/end-with-tests";
import { inheritedEnv } from "../../support/inherited-env";
import { requirePlain } from "../../support/plain-output";
import { ROOT } from "../../support/running-program";
import { execute } from "./consumer";

const NAME = "cdktf-proxmox-talos";

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** A synthesized stack, as far as it is looked into. */
interface Stack {
  readonly resource: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

/** What a program has written, and how it ended. */
export interface Ended {
  readonly code: number | null;
  /** Both streams. */
  readonly said: string;
  /** Standard output alone. */
  readonly out: string;
}

/**
 * An empty folder with the packed package in its `node_modules`. Other packages are links to those of this repository: that
 * needs no network, and what was not linked is not found.
 */
export class LinkedProject {
  readonly folder = mkdtempSync(join(tmpdir(), "project-"));
  private readonly modules = join(this.folder, "node_modules");

  constructor(tarball: string) {
    const own = join(this.modules, NAME);
    mkdirSync(own, { recursive: true });
    mkdirSync(join(this.modules, ".bin"));
    execute("tar", ["xzf", tarball, "-C", own, "--strip-components=1"], this.folder);
    execute("chmod", ["+x", join(own, "dist/cli/main.js")], this.folder);
    this.link(Object.keys(JSON.parse(readFileSync(join(own, "package.json"), "utf8")).dependencies));
    this.linkBin(NAME, join(own, "dist/cli/main.js"));
    this.linkBin("node", join(ROOT, "node_modules/.bin/node"));
  }

  /** Links packages that a `package.json` names. */
  link(names: readonly string[]): void {
    for (const name of names.filter((each) => each !== NAME)) {
      const path = join(this.modules, name);
      mkdirSync(dirname(path), { recursive: true });
      rmSync(path, { force: true });
      symlinkSync(join(ROOT, "node_modules", name), path);
      if (name === "cdktf-cli") this.linkBin("cdktf", join(ROOT, "node_modules/.bin/cdktf"));
    }
  }

  private linkBin(name: string, path: string): void {
    symlinkSync(path, join(this.modules, ".bin", name));
  }

  /** Does something while a package is not there. */
  unlinked<T>(name: string, work: () => T): T {
    renameSync(join(this.modules, name), join(this.folder, "away"));
    try {
      return work();
    } finally {
      renameSync(join(this.folder, "away"), join(this.modules, name));
    }
  }

  manifest(): Manifest {
    return JSON.parse(readFileSync(join(this.folder, "package.json"), "utf8")) as Manifest;
  }

  /** Runs a command of the package by its path, as in a shell without `node_modules/.bin` on PATH. */
  run(...args: readonly (string | NodeJS.ProcessEnv)[]): Ended {
    const env = args.find((each) => typeof each === "object") ?? inheritedEnv();
    const words = args.filter((each) => typeof each === "string");
    const main = join(this.modules, NAME, "dist/cli/main.js");
    const options = { cwd: this.folder, env, encoding: "utf8" } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], options);
    requirePlain({ command: words, stdout, stderr, isWhole: true });
    return { code: status, said: stderr + stdout, out: stdout };
  }

  /** Runs an npm script. The servers that it talks to may be in this process. */
  script(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
    const child = spawn("npm", ["run", "-s", name, "--", ...args], {
      cwd: this.folder,
      env: { ...inheritedEnv(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    endWithTests(child);
    let said = "";
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        try {
          requirePlain({ command: [name, ...args], stdout: out, stderr: said, isWhole: code !== null });
          resolve({ code, said, out });
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Runs a program of `consumer/` in the project. @returns its stacks by name */
  synthesize(program: string): Readonly<Record<string, Stack>> {
    cpSync(join(__dirname, `../consumer/${program}.ts`), join(this.folder, `${program}.ts`));
    const outdir = join(this.folder, `out-${program}`);
    execute(join(this.modules, ".bin/node"), [`${program}.ts`], this.folder, { CDKTF_OUTDIR: outdir });
    const { stacks } = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")) as {
      readonly stacks: Readonly<Record<string, { readonly synthesizedStackPath: string }>>;
    };
    return Object.fromEntries(
      Object.entries(stacks).map(([name, { synthesizedStackPath }]) => [
        name,
        JSON.parse(readFileSync(join(outdir, synthesizedStackPath), "utf8")),
      ]),
    );
  }
}
