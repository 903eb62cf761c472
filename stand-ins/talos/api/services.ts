import type { ServiceName } from "../protocol/definitions";
import { applyConfiguration } from "./apply-configuration";
import { bootstrap, etcdMemberList } from "./etcd";
import { kubeconfig } from "./kubeconfig";
import type { Method } from "./method";
import { events, read } from "./observe";
import { reboot, reset } from "./power";
import { resourceMethods } from "./resources";
import { disks, memory, serviceList, version } from "./status";
import { imagePull, lifecycleUpgrade, upgrade } from "./upgrade";

/** Every API method that this stand-in serves. */
export const SERVICES: Readonly<Record<ServiceName, Readonly<Record<string, Method>>>> = {
  "machine.MachineService": {
    ApplyConfiguration: applyConfiguration,
    Bootstrap: bootstrap,
    EtcdMemberList: etcdMemberList,
    Events: events,
    Kubeconfig: kubeconfig,
    Memory: memory,
    Read: read,
    Reboot: reboot,
    Reset: reset,
    ServiceList: serviceList,
    Upgrade: upgrade,
    Version: version,
  },
  "machine.ImageService": { Pull: imagePull },
  "machine.LifecycleService": { Upgrade: lifecycleUpgrade },
  "storage.StorageService": { Disks: disks },
  "cosi.resource.State": resourceMethods,
};
