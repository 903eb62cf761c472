/** The requests and answers of the `.proto` files beside this one, as far as handlers look at them. */

export interface ApplyConfigurationRequest {
  readonly data: Buffer;
  readonly mode: ApplyMode;
  readonly dryRun: boolean;
}
export type ApplyMode = "REBOOT" | "AUTO" | "NO_REBOOT" | "STAGED" | "TRY";

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

export interface UpgradeRequest {
  readonly image: string;
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
  /** Absent to watch all of the type. */
  readonly id?: string;
  readonly options: { readonly bootstrapContents: boolean } | null;
}

/** What every answer of a node to more than one node's question carries. */
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

/** In the order of their numbers, UNKNOWN first. */
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
