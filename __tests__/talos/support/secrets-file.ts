import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SecretsBundle } from "../../../domain/talos-secrets";
import type { SopsProps } from "../../../secrets/sops";
import { sopsConfig } from "../../../secrets/sops-config";
import { readTalosSecrets } from "../../../secrets/talos-secrets-file";
import { parseSecretsBundle } from "../../../talos/secrets-bundle";
import { resolveTool } from "../../../toolchain";
import type { RunningCluster } from "./running-cluster";

/** Who can read the secrets of a cluster that are out of its state: somebody new, with a key of their own. */
export class SecretsFile {
  private constructor(
    private readonly folder: string,
    /** What a command needs in its environment to open the file. */
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Makes the key, and the `.sops.yaml` that names it. */
  static async for({ folder, home }: RunningCluster): Promise<SecretsFile> {
    const identity = join(home, "age.txt");
    const { path: ageKeygen } = await resolveTool("age-keygen", { report: console.error });
    execFileSync(ageKeygen, ["-o", identity], { stdio: "ignore" });
    const recipient = execFileSync(ageKeygen, ["-y", identity], { encoding: "utf8" }).trim();
    writeFileSync(join(folder, ".sops.yaml"), sopsConfig([recipient]));
    return new SecretsFile(folder, { SOPS_AGE_KEY_FILE: identity });
  }

  get path(): string {
    return join(this.folder, "talos-secrets.sops.yaml");
  }

  /** What is in it. */
  async read(): Promise<SecretsBundle> {
    const sops = async () => (await resolveTool("sops", { report: console.error })).path;
    const props: SopsProps = { folder: this.folder, env: { ...process.env, ...this.env }, sops };
    return parseSecretsBundle(await readTalosSecrets(props), this.path);
  }
}
