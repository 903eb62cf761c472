import type { ServiceName } from "../protocol/definitions";
import { applyConfiguration } from "./apply-configuration";
import {
  bootstrap,
  etcdAlarms,
  etcdDefragment,
  etcdForfeitLeadership,
  etcdLeaveCluster,
  etcdMemberList,
  etcdRemoveMember,
  etcdStatus,
} from "./etcd";
import { kubeconfig } from "./kubeconfig";
import type { Method } from "./method";
import { dmesg, events, logs, read } from "./observe";
import { reboot, reset, rollback, shutdown } from "./power";
import { resourceMethods } from "./resources/state";
import {
  disks,
  memory,
  serviceList,
  serviceRestart,
  serviceStart,
  serviceStop,
  time,
  version,
} from "./status";
import { imagePull, lifecycleUpgrade, upgrade } from "./upgrade";

/** Every API method that this stand-in serves. */
export const SERVICES: Readonly<Record<ServiceName, Readonly<Record<string, Method>>>> = {
  "machine.MachineService": {
    ApplyConfiguration: applyConfiguration,
    Bootstrap: bootstrap,
    Dmesg: dmesg,
    EtcdAlarmDisarm: etcdAlarms,
    EtcdAlarmList: etcdAlarms,
    EtcdDefragment: etcdDefragment,
    EtcdForfeitLeadership: etcdForfeitLeadership,
    EtcdLeaveCluster: etcdLeaveCluster,
    EtcdMemberList: etcdMemberList,
    EtcdRemoveMemberByID: etcdRemoveMember,
    EtcdStatus: etcdStatus,
    Events: events,
    Kubeconfig: kubeconfig,
    Logs: logs,
    Memory: memory,
    Read: read,
    Reboot: reboot,
    Reset: reset,
    Rollback: rollback,
    ServiceList: serviceList,
    ServiceRestart: serviceRestart,
    ServiceStart: serviceStart,
    ServiceStop: serviceStop,
    Shutdown: shutdown,
    Upgrade: upgrade,
    Version: version,
  },
  "machine.ImageService": { Pull: imagePull },
  "machine.LifecycleService": { Upgrade: lifecycleUpgrade },
  "storage.StorageService": { Disks: disks },
  "time.TimeService": { Time: time },
  "cosi.resource.State": resourceMethods,
};
