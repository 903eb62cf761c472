import type { ServiceName } from "../protocol/definitions";
import { applyConfiguration } from "./apply-configuration";
import { generateClientConfiguration } from "./client-configuration";
import { etcdAlarmDisarm, etcdAlarmList, etcdDefragment, etcdStatus } from "./etcd/maintenance";
import { etcdForfeitLeadership, etcdLeaveCluster, etcdMemberList, etcdRemoveMember } from "./etcd/members";
import { bootstrap, etcdRecover, etcdSnapshot } from "./etcd/recovery";
import { healthCheck } from "./health";
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
import { imagePrePull, imagePull, lifecycleUpgrade, upgrade } from "./upgrade";

/** Every API method that this stand-in serves. */
export const SERVICES: Readonly<Record<ServiceName, Readonly<Record<string, Method>>>> = {
  "machine.MachineService": {
    ApplyConfiguration: applyConfiguration,
    Bootstrap: bootstrap,
    Dmesg: dmesg,
    EtcdAlarmDisarm: etcdAlarmDisarm,
    EtcdAlarmList: etcdAlarmList,
    EtcdDefragment: etcdDefragment,
    EtcdForfeitLeadership: etcdForfeitLeadership,
    EtcdLeaveCluster: etcdLeaveCluster,
    EtcdMemberList: etcdMemberList,
    EtcdRecover: etcdRecover,
    EtcdRemoveMemberByID: etcdRemoveMember,
    EtcdSnapshot: etcdSnapshot,
    EtcdStatus: etcdStatus,
    Events: events,
    GenerateClientConfiguration: generateClientConfiguration,
    ImagePull: imagePrePull,
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
  "cluster.ClusterService": { HealthCheck: healthCheck },
  "storage.StorageService": { Disks: disks },
  "time.TimeService": { Time: time },
  "cosi.resource.State": resourceMethods,
};
