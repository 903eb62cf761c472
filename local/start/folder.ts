import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Everything that `npm start` keeps: delete the folder to start anew. */
export class LocalFolder {
  readonly state: string;
  readonly passphraseFile: string;
  readonly proxmox: string;
  readonly synthesized: string;
  readonly logs: string;

  constructor(readonly root: string) {
    this.state = join(root, "state", "cluster.tfstate");
    this.passphraseFile = join(root, "state-passphrase");
    this.proxmox = join(root, "proxmox");
    this.synthesized = join(root, "cdktf.out");
    this.logs = join(root, "logs");
    for (const folder of [join(root, "state"), this.logs]) mkdirSync(folder, { recursive: true });
  }

  /** The passphrase of the state, made at random the first time, readable by the user alone. */
  passphrase(): string {
    try {
      writeFileSync(this.passphraseFile, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    return readFileSync(this.passphraseFile, "utf8");
  }
}
