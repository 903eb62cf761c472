import { Annotations, TerraformDataSource, TerraformResource, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { HOSTS_DOWN_ADDRESS } from "../domain/hosts-down";
import type { ClusterNodeProps, ClusterStackProps } from "./cluster-stack-props";

/**
 * What stands on hosts that are down. A plan can neither read nor change it, so it depends on one resource that OpenTofu is
 * told to leave out, and stays in the state as it is.
 */
export class HostsDown {
  /** Names of Proxmox hosts. */
  readonly hosts: readonly string[];
  private readonly names: readonly string[];
  private readonly leftOut: string[] = [];

  constructor(
    private readonly scope: Construct,
    { hostsDown = [], nodes }: ClusterStackProps,
  ) {
    this.names = hostsDown;
    const nodeNames = nodes.map(({ name }) => name);
    this.hosts = hostsDown.filter((name) => !nodeNames.includes(name));
  }

  /** Whether a node stands on such a host: by its host, or because it is named itself. */
  has({ name, host }: ClusterNodeProps): boolean {
    return this.names.includes(name) || this.hosts.includes(host);
  }

  /** Whether a file that this host has downloaded must be left as it is. The state may name any host for a shared storage. */
  hasFile(host: string, isShared: boolean): boolean {
    return this.names.length > 0 && (isShared || this.hosts.includes(host));
  }

  /** Leaves out what a construct has made. */
  leaveOut(construct: Construct, name: string): void {
    for (const element of construct.node.findAll()) {
      if (!(element instanceof TerraformResource || element instanceof TerraformDataSource)) continue;
      element.dependsOn = [...(element.dependsOn ?? []), HOSTS_DOWN_ADDRESS];
    }
    this.leftOut.push(name);
  }

  /** Says what is left out, after all of it is. OpenTofu itself says only that something is. */
  report(): void {
    if (this.names.length === 0) return;
    const left =
      this.leftOut.length > 0
        ? `left out: ${this.leftOut.join(", ")}, with the HA resources and rules of these VMs`
        : "nothing of this cluster is there";
    const text = `HOSTS_DOWN names ${this.names.join(", ")}; ${left}; no VM is made`;
    Annotations.of(this.scope).addWarning(text);
    TerraformStack.of(this.scope).addOverride(`resource.${HOSTS_DOWN_ADDRESS}.input`, this.leftOut);
  }
}
