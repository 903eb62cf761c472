import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningProxmox } from "../../../../stand-ins/proxmox";
import { TofuProject } from "../../../support/tofu-project";

/** What a test changes of a fixture. */
export interface Variables {
  readonly memory?: number;
  readonly cores?: number;
  readonly boot_disk?: number;
  readonly data_disks?: Readonly<Record<string, number>>;
  readonly bridges?: readonly string[];
  readonly tags?: readonly string[];
  readonly host_of_b?: string;
  readonly ha?: boolean;
}

/** One of the fixtures, hand-written HCL, with the real OpenTofu and the real provider. */
export class Program {
  readonly project: TofuProject;
  private variables: Variables = {};

  /** @param env overrides the stand-in's variables, such as the token */
  constructor(
    fixture: "cluster" | "variations" | "vm",
    proxmox: RunningProxmox,
    env: Readonly<Record<string, string>> = {},
  ) {
    this.project = new TofuProject({ ...proxmox.env, ...env });
    copyFileSync(join(__dirname, "../fixtures", `${fixture}.tf`), join(this.project.folder, "main.tf"));
  }

  init = () => this.project.ok("init", "-input=false");

  /** Changes some variables; the others keep their values. */
  set(variables: Variables): this {
    this.variables = { ...this.variables, ...variables };
    this.project.write(this.variables, "terraform.tfvars.json");
    return this;
  }

  /** Changes some variables and applies. */
  async apply(variables: Variables = {}): Promise<void> {
    await this.set(variables).project.ok("apply", "-input=false", "-auto-approve");
  }
}
