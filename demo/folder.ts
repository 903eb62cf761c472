import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The folder with everything that `npm start` keeps. Delete it to start from the beginning. */
export class DemoFolder {
  readonly passphrase: SecretFile;
  /** The password of the Worker's owner. */
  readonly password: SecretFile;
  /** The copy of the user's files. */
  readonly project: string;
  /** Snapshots of etcd. */
  readonly snapshots: string;
  readonly proxmox: string;
  readonly talos: string;
  readonly cloudflare: string;
  readonly bootstrap: string;
  readonly synthesized: string;
  readonly logs: string;

  constructor(readonly root: string) {
    this.passphrase = new SecretFile(join(root, "state-passphrase"));
    this.password = new SecretFile(join(root, "worker-password"));
    this.project = join(root, "cluster");
    this.snapshots = join(root, "snapshots");
    this.proxmox = join(root, "proxmox");
    this.talos = join(root, "talos");
    this.cloudflare = join(root, "cloudflare");
    this.bootstrap = join(root, "bootstrap");
    this.synthesized = join(root, "cdktf.out");
    this.logs = join(root, "logs");
    for (const folder of [this.logs, this.snapshots]) mkdirSync(folder, { recursive: true });
    // The dependency lock file of an earlier run may have the checksum of another build of a provider.
    for (const folder of [this.synthesized, join(this.bootstrap, "cdktf.out")]) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** A file with a random secret, which only the user can read. */
export class SecretFile {
  constructor(readonly path: string) {}

  /** Creates the secret if there is none. */
  read(): string {
    try {
      writeFileSync(this.path, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    return readFileSync(this.path, "utf8");
  }
}
