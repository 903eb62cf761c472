import { randomUUID } from "node:crypto";
import { type MachineConfig, parseMachineConfig } from "../config/machine-config";
import type { NodeState, Platform, TalosImage } from "../model";
import { EventLog } from "./events";

/** `OFF` is without power, `DOWN` is between two boots. */
export type Condition = "OFF" | "DOWN" | "MAINTENANCE" | "RUNNING";

/** A machine with Talos on it, or about to be. */
export class Node {
  readonly events = new EventLog();
  /** The running sequence (reset, reboot, upgrade …). While one runs, a second one is refused. */
  sequence: string | undefined;
  /** The images that were pulled, by reference. */
  readonly images = new Set<string>();
  /** A snapshot of etcd that was uploaded, to recover from. */
  snapshot: Buffer | undefined;
  /** A reboot is on its way that makes a configuration active. */
  rebootsForConfig = false;
  /** Aborted when a configuration that is on trial stays, or is replaced. */
  trial: AbortController | undefined;
  /** The service that restarts just now. */
  restarting: "kubelet" | undefined;
  /** How often each resource has changed since the boot, and what it was last. */
  private readonly versions = new Map<string, { readonly content: string; readonly version: number }>();
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

  /** The active machine configuration. */
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

  /** The Talos version that runs: `v1.13.0`. */
  get version(): string {
    return this.state.image.version;
  }

  /** All addresses that the metadata of a request may use for it. */
  get addresses(): readonly string[] {
    const { address, listen } = this.state;
    return [...new Set([address, listen.host, ...(this.config?.addresses ?? [])])];
  }

  get isControlPlane(): boolean {
    return this.config?.type === "controlplane";
  }

  /** Aborted when the node goes down. */
  get lifetime(): AbortSignal {
    return this.life.signal;
  }

  goDown(): void {
    this.up = false;
    this.life.abort();
  }

  /** Boots from the disk, or from the boot medium if Talos is not on the disk. */
  boot(medium: TalosImage): void {
    const { state } = this;
    state.bootId = randomUUID();
    state.image = state.installed ? (state.nextImage ?? state.image) : medium;
    state.nextImage = undefined;
    state.upgraded = undefined;
    if (state.persistedConfig !== undefined) state.config = state.persistedConfig;
    this.life = new AbortController();
    this.up = true;
    this.versions.clear();
    this.sequence = undefined;
    this.rebootsForConfig = false;
    state.etcdLeft = undefined;
    this.events.clear();
    this.announce();
  }

  /** Writes another Talos to the disk, beside the one that runs. The next boot starts it. */
  writeImage(image: TalosImage): void {
    this.state.previousImage = this.state.image;
    this.state.nextImage = image;
    this.state.upgraded = true;
  }

  /** Lets the next boot start the other Talos on the disk. */
  revertImage(): void {
    const { state } = this;
    const { nextImage, image } = state;
    state.nextImage = state.previousImage;
    state.previousImage = nextImage ?? image;
    state.upgraded = undefined;
  }

  /** The version of a resource: another one whenever its content is another one. @param key its type and its id */
  versionOf(key: string, content: object | string): string {
    const text = JSON.stringify(content);
    const last = this.versions.get(key) ?? { content: text, version: 1 };
    const version = last.content === text ? last.version : last.version + 1;
    this.versions.set(key, { content: text, version });
    return String(version);
  }

  /** Publishes the current machine status as an event. */
  announce(): void {
    const stage = this.condition === "RUNNING" ? "RUNNING" : "MAINTENANCE";
    this.events.publish({ type: "MachineStatusEvent", stage, status: { ready: this.isReady } });
  }

  /** A control plane node is ready only when it is a member of etcd. */
  get isReady(): boolean {
    return this.condition === "RUNNING" && (!this.isControlPlane || this.state.etcdMember !== undefined);
  }
}
