/* The requests and answers of the `.proto` files in this folder, as far as the handlers use them. */

export interface ApplyConfigurationRequest {
  readonly data: Buffer;
  readonly mode: ApplyMode;
  readonly dryRun: boolean;
  readonly tryModeTimeout: Duration | null;
}
export type ApplyMode = "REBOOT" | "AUTO" | "NO_REBOOT" | "STAGED" | "TRY";

export interface BootstrapRequest {
  /** Start with the data of the snapshot that was uploaded. */
  readonly recoverEtcd: boolean;
  readonly recoverSkipHashCheck: boolean;
}

export interface EventsRequest {
  readonly tailEvents: number;
  readonly withActorId: string;
}

export interface ReadRequest {
  readonly path: string;
}

export interface ResetRequest {
  readonly graceful: boolean;
  readonly reboot: boolean;
  readonly systemPartitionsToWipe: readonly { readonly label: string; readonly wipe: boolean }[];
  readonly userDisksToWipe: readonly string[];
  readonly mode: "ALL" | "SYSTEM_DISK" | "USER_DISKS";
}

export interface EtcdRemoveMemberRequest {
  /** A 64-bit number. */
  readonly memberId: string;
}

interface Duration {
  /** A 64-bit number. */
  readonly seconds: string;
}

export interface GenerateClientConfigurationRequest {
  readonly roles: readonly string[];
  readonly crtTtl: Duration | null;
}

export interface HealthCheckRequest {
  readonly waitTimeout: Duration | null;
  readonly clusterInfo: {
    readonly controlPlaneNodes: readonly string[];
    readonly workerNodes: readonly string[];
  } | null;
}

export interface LogsRequest {
  readonly id: string;
  readonly follow: boolean;
  /** -1 is all. */
  readonly tailLines: number;
}

export interface DmesgRequest {
  readonly follow: boolean;
}

export interface ServiceRequest {
  readonly id: string;
}

export interface UpgradeRequest {
  readonly image: string;
  /** Each of both skips the questions to etcd. */
  readonly preserve: boolean;
  readonly force: boolean;
}

export interface ImagePullRequest {
  readonly imageRef: string;
}

export interface LifecycleUpgradeRequest {
  readonly source: { readonly imageName: string } | null;
}

export interface ResourceRequest {
  readonly namespace: string;
  readonly type: string;
}

export interface ResourceGetRequest extends ResourceRequest {
  readonly id: string;
}

export interface ResourceWatchRequest extends ResourceRequest {
  /** Watches all resources of the type if it is left out. */
  readonly id?: string;
  readonly options: { readonly bootstrapContents: boolean } | null;
}

/** The answer of a method that several nodes can answer at once. */
export interface Messages<M extends object> {
  readonly messages: readonly (M & { metadata?: { readonly hostname: string } })[];
}

export type MachineStage =
  | "BOOTING"
  | "INSTALLING"
  | "MAINTENANCE"
  | "RUNNING"
  | "REBOOTING"
  | "SHUTTING_DOWN"
  | "RESETTING"
  | "UPGRADING";

/** The numbers of the stages in the protocol, where 0 is UNKNOWN. */
export const STAGE_NUMBERS: Readonly<Record<MachineStage, number>> = {
  BOOTING: 1,
  INSTALLING: 2,
  MAINTENANCE: 3,
  RUNNING: 4,
  REBOOTING: 5,
  SHUTTING_DOWN: 6,
  RESETTING: 7,
  UPGRADING: 8,
};
