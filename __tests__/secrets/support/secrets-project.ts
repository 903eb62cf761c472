import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SECRETS_FILE } from "../../../domain/secrets";
import type { SopsProps } from "../../../secrets/sops";
import { resolveTool } from "../../../toolchain";

const report = (line: string) => process.stderr.write(`${line}\n`);

/** A folder with secrets, and people with keys of age. sops and age-keygen are the real ones. */
export class SecretsProject {
  readonly folder = mkdtempSync(join(tmpdir(), "secrets-"));
  readonly home = join(this.folder, "home");
  /** How often sops was run. */
  sopsRuns = 0;

  private constructor(
    readonly sops: string,
    readonly ageKeygen: string,
  ) {
    mkdirSync(this.home);
  }

  static async make(): Promise<SecretsProject> {
    const { path } = await resolveTool("sops", { report });
    return new SecretsProject(path, (await resolveTool("age-keygen", { report })).path);
  }

  /** A new identity. @returns its file and its recipient */
  person(name: string): { readonly identity: string; readonly recipient: string } {
    const identity = join(this.home, `${name}.txt`);
    execFileSync(this.ageKeygen, ["-o", identity], { stdio: "ignore" });
    return {
      identity,
      recipient: execFileSync(this.ageKeygen, ["-y", identity], { encoding: "utf8" }).trim(),
    };
  }

  /** How somebody runs sops here. */
  as(person: { readonly identity: string }, env: NodeJS.ProcessEnv = {}): SopsProps {
    return {
      folder: this.folder,
      env: { PATH: process.env.PATH, HOME: this.home, SOPS_AGE_KEY_FILE: person.identity, ...env },
      sops: async () => {
        this.sopsRuns++;
        return this.sops;
      },
    };
  }

  get path(): string {
    return join(this.folder, SECRETS_FILE);
  }

  read(): string {
    return readFileSync(this.path, "utf8");
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.folder, file), content);
  }

  /** All files and their content, without the identities. */
  everything(): string {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.parentPath !== this.home)
      .map((entry) => `${entry.name}: ${readFileSync(join(entry.parentPath, entry.name), "utf8")}`)
      .join("\n");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
