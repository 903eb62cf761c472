import { createHash } from "node:crypto";
import { parse } from "ipaddr.js";
import { encode } from "../../protocol/definitions";
import { MACHINE_TYPES } from "./config";
import type { ResourceType } from "./resource-type";

export const nodenames: ResourceType = {
  namespace: "k8s",
  displayType: "Nodename",
  columns: { Nodename: "{.nodename}" },
  list: (node) => {
    if (node.condition !== "RUNNING") return [];
    const yaml = { nodename: node.hostname, hostnameVersion: "1", skipNodeRegistration: false };
    return [{ id: "nodename", spec: encode("specs.NodenameSpec", yaml), yaml }];
  },
};

export const hostnameStatuses: ResourceType = {
  namespace: "network",
  displayType: "HostnameStatus",
  aliases: ["hostname"],
  columns: { Hostname: "{.hostname}", Domainname: "{.domainname}" },
  list: ({ hostname }) => {
    const [name = "", ...domain] = hostname.split(".");
    const yaml = { hostname: name, domainname: domain.join(".") };
    return [{ id: "hostname", spec: encode("specs.HostnameStatusSpec", yaml), yaml }];
  },
};

/** The nodes of a cluster that are up, as they find each other where discovery is on. */
export const members: ResourceType = {
  namespace: "cluster",
  displayType: "Member",
  columns: {
    Hostname: "{.hostname}",
    "Machine Type": "{.machineType}",
    OS: "{.operatingSystem}",
    Addresses: "{.addresses}",
  },
  list: (node, machines) => {
    if (!node.config?.main?.cluster?.discovery?.enabled) return [];
    return machines.clusterOf(node).flatMap((other) => {
      const type = other.config?.type;
      if (!type || !machines.isReachable(other)) return [];
      const { hostname, state, version } = other;
      const yaml = {
        nodeId: createHash("sha256").update(state.name).digest("base64url"),
        addresses: [state.address],
        hostname,
        machineType: type,
        operatingSystem: `Talos (${version})`,
        ...(type === "controlplane" && { controlPlane: { port: 6443 } }),
      };
      const spec = {
        ...yaml,
        addresses: yaml.addresses.map((address) => ({ ip: bytesOf(address) })),
        machineType: MACHINE_TYPES[type],
        ...(type === "controlplane" && { controlPlane: { apiServerPort: 6443 } }),
      };
      return [{ id: hostname, spec: encode("specs.MemberSpec", spec), yaml }];
    });
  },
};

/** The ID of its own member, while it has one. */
export const etcdMembers: ResourceType = {
  namespace: "etcd",
  displayType: "EtcdMember",
  columns: { "Member ID": "{.memberID}" },
  list: ({ state: { etcdMember } }) => {
    if (etcdMember === undefined) return [];
    const memberID = BigInt(etcdMember).toString(16).padStart(16, "0");
    return [
      { id: "local", spec: encode("specs.EtcdMemberSpec", { memberId: memberID }), yaml: { memberID } },
    ];
  },
};

const bytesOf = (address: string): Buffer => Buffer.from(parse(address).toByteArray());
