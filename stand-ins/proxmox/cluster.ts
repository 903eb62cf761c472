import type { JsonFile } from "../json-file";
import { AccessControl } from "./access/access-control";
import { ApiError, failure } from "./api/errors";
import { Faults } from "./control/faults";
import type { ClusterState, Guest } from "./model";
import { Volumes } from "./storage/volumes";
import { Tasks } from "./tasks";

/** A Proxmox VE cluster: its state, and the parts that work on the state. */
export class Cluster {
  readonly access: AccessControl;
  readonly volumes: Volumes;
  readonly tasks: Tasks;
  readonly faults = new Faults();
  /** How long tasks take, relative to a real node. */
  timeScale: number;
  /** The release of Proxmox VE that every host says it has. */
  readonly version: string;
  /** They are called after each change. */
  readonly watchers = new Set<() => void>();

  constructor(
    readonly state: ClusterState,
    private readonly store: JsonFile<ClusterState>,
    options: { readonly timeScale: number; readonly version?: string },
  ) {
    this.timeScale = options.timeScale;
    this.version = options.version ?? "9.2.11";
    this.access = new AccessControl(state);
    this.volumes = new Volumes(state);
    this.tasks = new Tasks(state, {
      timeScale: () => this.timeScale,
      failure: (type, id) => this.faults.takeTaskFailure(type, id),
      changed: () => this.save(),
    });
  }

  save(): void {
    this.store.save(this.state);
    for (const watcher of this.watchers) watcher();
  }

  /** Checks that a call can be forwarded to a host. @throws ApiError 500, 595 */
  assertReachable(node: string): void {
    const host = this.state.hosts[node];
    if (!host) {
      throw failure(
        `hostname lookup '${node}' failed - failed to get address info for: ${node}: Name or service not known`,
      );
    }
    if (!host.online || host.silent) throw new ApiError(595, "No route to host");
  }

  /** Checks that more than half of the hosts are online, which every write requires. @throws ApiError 500 */
  assertQuorate(): void {
    const hosts = Object.values(this.state.hosts);
    const online = hosts.filter((host) => host.online).length;
    if (online * 2 <= hosts.length) throw failure("cluster not ready - no quorum?");
  }

  /** @throws ApiError 500 where the VM is not on this host */
  vm(node: string, vmid: string | number): Guest {
    const guest = this.state.guests[vmid];
    if (guest?.type !== "qemu" || guest.node !== node) {
      throw failure(`Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`);
    }
    return guest;
  }

  /** The VM, for a change of its configuration. @throws ApiError 500 where it is locked */
  lockedVm(node: string, vmid: string | number): Guest {
    const guest = this.vm(node, vmid);
    if (this.faults.holdsConfigLock(guest.vmid)) {
      throw failure(`can't lock file '/var/lock/qemu-server/lock-${vmid}.conf' - got timeout`);
    }
    if (guest.config.lock) throw failure(`VM is locked (${guest.config.lock})`);
    return guest;
  }

  isHaManaged(vmid: number): boolean {
    const resource = this.state.ha.resources[`vm:${vmid}`];
    return resource !== undefined && resource.state !== "ignored";
  }
}
