import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../support/running-program";

export const EXAMPLE = join(ROOT, "examples/six-nodes");
export const { devDependencies: pinned } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  devDependencies: Record<string, string>;
};

/** The package as npm publishes it, in a project that has nothing else of ours. */
export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), "consumer-"));

  constructor(
    tarball: string,
    cdktf: string,
    programs: readonly string[] = ["main"],
    more: Record<string, string> = {},
  ) {
    const dependencies = {
      ...more,
      "cdktf-proxmox-talos": `file:${tarball}`,
      cdktf,
      constructs: pinned.constructs,
      typescript: pinned.typescript,
      "@types/node": pinned["@types/node"],
    };
    writeFileSync(join(this.folder, "package.json"), JSON.stringify({ private: true, dependencies }));
    writeFileSync(
      join(this.folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: { strict: true, target: "es2022", module: "node16", skipLibCheck: false },
        files: programs.map((program) => `${program}.ts`),
      }),
    );
    for (const program of programs) {
      cpSync(join(__dirname, `../consumer/${program}.ts`), join(this.folder, `${program}.ts`));
    }
    cpSync(EXAMPLE, this.folder, { recursive: true });
    this.run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"]);
    this.run("npx", ["tsc"]);
  }

  /** Stacks that the compiled program synthesizes, by name. */
  synth(): Record<string, unknown> {
    return stacksIn(this.synthesize("main"));
  }

  /** Runs a compiled program. @returns where it has put its stacks */
  synthesize(program: string): string {
    const out = join(this.folder, `out-${program}`);
    this.run("node", [`${program}.js`], { OUT: out });
    return out;
  }

  /**
   * Compiles the programs as a project of `cdktf init --template=typescript` does, but looks into the declarations of
   * packages too: no `esModuleInterop`, modules resolved as Node 10 did.
   * @returns names of the packages whose declarations were read
   */
  compileAsInitialized(): string[] {
    const template = join(ROOT, "node_modules/cdktf-cli/bundle/templates/typescript/tsconfig.json");
    const { compilerOptions, ...rest } = JSON.parse(readFileSync(template, "utf8")) as Record<string, object>;
    const strict = { ...rest, compilerOptions: { ...compilerOptions, skipLibCheck: false, noEmit: true } };
    writeFileSync(join(this.folder, "tsconfig.init.json"), JSON.stringify(strict));
    const files = this.run("npx", ["tsc", "-p", "tsconfig.init.json", "--listFiles"]).split("\n");
    const names = files.map((file) => /.*\/node_modules\/((@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? "");
    return [...new Set(names.filter(Boolean))].sort();
  }

  private run(command: string, args: string[], env: Record<string, string> = {}): string {
    return execute(command, args, this.folder, env);
  }
}

export function execute(
  command: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): string {
  try {
    return execFileSync(command, args, {
      cwd,
      env: { ...process.env, ...env },
      encoding: "utf8",
      stdio: "pipe",
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  }
}

/** What the stacks of the consumer are. */
export function stacksIn(outdir: string): Record<string, unknown> {
  return Object.fromEntries(
    ["cluster", "own", "file"].map((name) => {
      const text = readFileSync(join(outdir, "stacks", name, "cdk.tf.json"), "utf8").replaceAll(
        outdir,
        "OUT",
      );
      return [name, withoutComments(JSON.parse(text))];
    }),
  );
}

/** `//` names the version of cdktf; what OpenTofu reads is all the rest. */
function withoutComments(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutComments);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "//");
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutComments(inner)]));
}
