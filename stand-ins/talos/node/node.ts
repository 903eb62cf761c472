import { randomUUID } from "node:crypto";
import { type MachineConfig, parseMachineConfig } from "../config/machine-config";
import type { NodeState, Platform } from "../model";
import { EventLog } from "./events";

/** What a node does right now. `OFF` is without power, `DOWN` between two boots. */
export type Condition = "OFF" | "DOWN" | "MAINTENANCE" | "RUNNING";

/** A machine with Talos on it, or about to be. */
export class Node {
  readonly events = new EventLog();
  /** A sequence (reset, reboot, upgrade …) is under way; a second one is refused. */
  sequence: string | undefined;
  private up = false;
  private life = new AbortController();
  private parsed: MachineConfig | undefined;

  constructor(
    readonly state: NodeState,
    readonly platform: Platform,
  ) {}

  get name(): string {
    return this.state.name;
  }

  /** What it runs with. */
  get config(): MachineConfig | undefined {
    const { config } = this.state;
    if (config === undefined) return undefined;
    if (this.parsed?.text !== config) this.parsed = parseMachineConfig(config);
    return this.parsed;
  }

  get condition(): Condition {
    if (!this.state.poweredOn) return "OFF";
    if (!this.up) return "DOWN";
    return this.config?.main ? "RUNNING" : "MAINTENANCE";
  }

  get hostname(): string {
    return this.config?.hostname ?? this.name;
  }

  /** Everything that it is called by in the metadata of a request. */
  get addresses(): readonly string[] {
    const { address, listen } = this.state;
    return [...new Set([address, listen.host, ...(this.config?.addresses ?? [])])];
  }

  get isControlPlane(): boolean {
    return this.config?.type === "controlplane";
  }

  /** Aborted when it goes down. */
  get lifetime(): AbortSignal {
    return this.life.signal;
  }

  goDown(): void {
    this.up = false;
    this.life.abort();
  }

  /** From its disk, or from its boot medium if there is nothing on the disk. */
  boot(mediumVersion: string): void {
    const { state } = this;
    state.bootId = randomUUID();
    state.version = state.installed ? (state.installedVersion ?? state.version) : mediumVersion;
    if (state.persistedConfig !== undefined) state.config = state.persistedConfig;
    this.life = new AbortController();
    this.up = true;
    this.sequence = undefined;
    this.events.forget();
    this.announce();
  }

  /** Says on the event stream what it has become. */
  announce(): void {
    const stage = this.condition === "RUNNING" ? "RUNNING" : "MAINTENANCE";
    this.events.publish({ type: "MachineStatusEvent", stage, status: { ready: this.isReady } });
  }

  /** A control plane node is not, before etcd is. */
  get isReady(): boolean {
    return this.condition === "RUNNING" && (!this.isControlPlane || this.state.etcdMember !== undefined);
  }
}
