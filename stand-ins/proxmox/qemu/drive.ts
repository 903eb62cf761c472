import { type PropertyString, parsePropertyString, printPropertyString } from "../api/property-string";

/** A disk, CD drive, EFI disk or TPM disk in the configuration. */
export interface Drive {
  /** A volume id, `none`, `cdrom`, or what to allocate: `local-lvm:20`, `local-lvm:cloudinit`. */
  readonly file: string;
  readonly options: Readonly<Record<string, string>>;
}

const DRIVE_KEY = /^(?:(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0)$/;

export const isDriveKey = (name: string): boolean => DRIVE_KEY.test(name);

/** @returns undefined where the text is not a drive */
export function parseDrive(text: string): Drive | undefined {
  const { main, options }: PropertyString = parsePropertyString(text, "file");
  return main === undefined ? undefined : { file: main, options };
}

export const printDrive = ({ file, options }: Drive): string => printPropertyString({ main: file, options });

export const isCloudInitDrive = ({ file }: Drive): boolean =>
  /[:/]vm-\d+-cloudinit(?:\.\w+)?$/.test(file) || /:cloudinit$/.test(file);

/** A cloud-init drive is a CD drive too. */
export const isCdrom = (drive: Drive): boolean => drive.options.media === "cdrom" || isCloudInitDrive(drive);

/** The storage and size of a disk to allocate: `local-lvm:20` is one of 20 GiB. */
export function newDisk({ file }: Drive): { readonly storage: string; readonly sizeGiB: number } | undefined {
  const [, storage, size] = /^([^:]+):(\d+(?:\.\d+)?)$/.exec(file) ?? [];
  return storage === undefined || size === undefined ? undefined : { storage, sizeGiB: Number(size) };
}

/** The volume ID of a drive; undefined where it has no volume. */
export const volumeOf = ({ file }: Drive): string | undefined =>
  file.includes(":") && !/:(?:cloudinit|\d+(?:\.\d+)?)$/.test(file) ? file : undefined;

/** The drives among the options of a configuration, in the order of their names. */
export function drivesOf(
  config: Readonly<Record<string, string | number | null>>,
): readonly (readonly [string, Drive])[] {
  return Object.keys(config)
    .filter(isDriveKey)
    .sort()
    .flatMap((key) => {
      const drive = config[key] == null ? undefined : parseDrive(String(config[key]));
      return drive ? [[key, drive] as const] : [];
    });
}
