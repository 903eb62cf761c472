import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Everything that `npm start` keeps: delete the folder to start anew. */
export class LocalFolder {
  readonly passphrase: SecretFile;
  /** Password of the Worker's owner. */
  readonly password: SecretFile;
  readonly proxmox: string;
  readonly cloudflare: string;
  readonly bootstrap: string;
  readonly synthesized: string;
  readonly logs: string;

  constructor(readonly root: string) {
    this.passphrase = new SecretFile(join(root, "state-passphrase"));
    this.password = new SecretFile(join(root, "worker-password"));
    this.proxmox = join(root, "proxmox");
    this.cloudflare = join(root, "cloudflare");
    this.bootstrap = join(root, "bootstrap");
    this.synthesized = join(root, "cdktf.out");
    this.logs = join(root, "logs");
    mkdirSync(this.logs, { recursive: true });
    // The lock file of an earlier run may name another build of a provider.
    for (const folder of [this.synthesized, join(this.bootstrap, "cdktf.out")]) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** A secret made at random the first time, in a file that the user alone can read. */
export class SecretFile {
  constructor(readonly path: string) {}

  read(): string {
    try {
      writeFileSync(this.path, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    return readFileSync(this.path, "utf8");
  }
}
