import { GIB } from "./api/sizes";
import type { ClusterState, Storage } from "./model";

export const DEFAULT_HOSTS: readonly string[] = ["pve1", "pve2", "pve3"];

/** Two storages that each host has for itself, and two that all hosts share. */
export const DEFAULT_STORAGES: Readonly<Record<string, Storage>> = {
  local: {
    type: "dir",
    content: ["iso", "vztmpl", "backup"],
    shared: false,
    path: "/var/lib/vz",
    totalBytes: 100 * GIB,
  },
  "local-lvm": { type: "lvmthin", content: ["images", "rootdir"], shared: false, totalBytes: 2048 * GIB },
  nfs: {
    type: "nfs",
    content: ["images", "import", "iso"],
    shared: true,
    path: "/mnt/pve/nfs",
    totalBytes: 4096 * GIB,
  },
  ceph: { type: "rbd", content: ["images"], shared: true, totalBytes: 8192 * GIB },
};

/** The token of a new cluster. It belongs to an administrator who is not root. */
export const FIRST_TOKEN = { userId: "tofu@pve", tokenId: "ci" } as const;

export interface InitialStateOptions {
  readonly hosts: readonly string[];
  readonly storages: Readonly<Record<string, Storage>>;
  readonly tokenSecret: string;
}

/** A new cluster without guests. */
export function initialState({ hosts, storages, tokenSecret }: InitialStateOptions): ClusterState {
  const user = { enable: true, expire: 0 };
  return {
    hosts: Object.fromEntries(hosts.map((host) => [host, { online: true }])),
    storages: structuredClone(storages) as Record<string, Storage>,
    volumes: {},
    guests: {},
    pools: {},
    tasks: {},
    users: {
      "root@pam": { ...user, tokens: {} },
      [FIRST_TOKEN.userId]: {
        ...user,
        tokens: { [FIRST_TOKEN.tokenId]: { secret: tokenSecret, privsep: false, expire: 0 } },
      },
    },
    roles: {},
    acl: [{ path: "/", roleid: "Administrator", type: "user", ugid: FIRST_TOKEN.userId, propagate: true }],
    ha: { resources: {}, rules: {} },
    pciMappings: {},
  };
}
