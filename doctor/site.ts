import type { LoadedFromEnv } from "../config";
import type { Project } from "../state/project";
import type { OpenTofu } from "../toolchain/opentofu";
import type { Talosctl } from "../toolchain/talosctl";
import type { ProxmoxReadings } from "./proxmox-readings";
import type { StateReadings } from "./state-readings";

/** Everything that the checks look at. */
export interface Site {
  readonly cluster: LoadedFromEnv;
  readonly project: Project;
  readonly env: NodeJS.ProcessEnv;
  readonly proxmox: ProxmoxReadings;
  readonly state: StateReadings;
  readonly tools: Tools;
  /** Whether anything answers at an address. */
  readonly probe: (address: string) => Promise<boolean>;
  /** Where images come from. */
  readonly factoryUrl: string;
  /** This machine's clock. */
  readonly now: () => Date;
  /** `v22.1.0` */
  readonly nodeVersion: string;
}

/** Programs that are there; none is installed to be looked at. */
export interface Tools {
  /** @throws if the one that is named cannot be used */
  openTofu(): Promise<OpenTofu | undefined>;
  /** @throws if the one that is named cannot be used */
  talosctl(): Promise<Talosctl | undefined>;
  /** Absolute path of kubectl. */
  kubectl(): Promise<string | undefined>;
}
