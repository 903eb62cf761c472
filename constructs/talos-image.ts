import { Construct } from "constructs";
import { DataProxmoxDatastores } from "../.gen/providers/proxmox/data-proxmox-datastores";
import { DownloadFile } from "../.gen/providers/proxmox/download-file";
import { IMAGE_PREFIX, PROXMOX_NODE, STORAGE } from "../domain/proxmox-names";
import { SCHEMATIC_ID, type Schematic, schematicId, secureBootObstacle } from "../domain/schematic";
import { RESOURCE_ADDRESS } from "../domain/state";
import { type BootMode, TALOS_VERSION } from "../domain/talos";
import { imageFile } from "../domain/talos-image";
import { Moved } from "./moved";
import { PropChecks } from "./prop-checks";

/** What a {@link TalosImage} is made of. */
export interface TalosImageProps {
  /** The Proxmox node that downloads the file. */
  readonly host: string;
  /** File storage that keeps it; its content types must allow `iso` or `import`. */
  readonly storage: string;
  /** Talos release with its `v`, for example `v1.13.0`. */
  readonly talosVersion: string;
  /** The image factory's ID of a schematic. @default - computed from `schematic` */
  readonly schematicId?: string;
  /** What the image is made of. @default - the vanilla image */
  readonly schematic?: Schematic;
  /** Whether it is a signed image, for Secure Boot. @default false */
  readonly secureBoot?: boolean;
  /**
   * `disk-image` is a qcow2 that Proxmox imports as the first disk; `iso` boots the installer.
   * @default "disk-image"
   */
  readonly format?: TalosImageFormat;
  /** Address of the image factory. @default "https://factory.talos.dev" */
  readonly factoryUrl?: string;
  /** First part of the name of the file, if it has no other name; a-z, 0-9 and -. @default "talos" */
  readonly fileNamePrefix?: string;
  /** Name of the file in the storage. @default - made of prefix, version, schematic and format */
  readonly fileName?: string;
  /**
   * Whether plans leave the file as it is, since a host is down: its VMs do not depend on the download, and keep the image that
   * they have. Tell OpenTofu to exclude the resource as well.
   * @default false
   */
  readonly leftAsIs?: boolean;
  /** Address of a download resource in state that this one takes over; its file is kept as it is. @default - nothing is taken over */
  readonly adoptFrom?: string;
}

/** A qcow2 that is imported as a disk, or an installer ISO. */
export type TalosImageFormat = BootMode;

/**
 * A Talos image in a Proxmox storage, downloaded by Proxmox itself through its API.
 *
 * A new version is a new file: it is downloaded before the old one is removed, and no VM is replaced.
 */
export class TalosImage extends Construct {
  /** Whether it is imported as a disk, or an ISO. */
  readonly format: TalosImageFormat;
  /** Whether it is a signed image, for Secure Boot. */
  readonly secureBoot: boolean;
  /** Whether it is the file of another program, which is kept as it is. */
  readonly isAdopted: boolean;
  /** Whether VMs keep the image that they have. */
  readonly isLeftAsIs: boolean;
  /** The image factory's ID of the schematic. */
  readonly schematicId: string;
  /** Where Proxmox downloads it from. */
  readonly url: string;
  /** Volume ID of the file, for example `local:iso/talos-….iso`; a reference to the download, unless that is left out. */
  readonly fileId: string;
  /** The resource; its address is `proxmox_download_file.<id>`. */
  readonly resource: DownloadFile;

  /** @throws if a prop is not valid, or the schematic has no Secure Boot image. */
  constructor(scope: Construct, id: string, props: TalosImageProps) {
    super(scope, id);
    const { schematic = {}, secureBoot = false, format = "disk-image" } = props;
    const obstacle = secureBoot ? secureBootObstacle(schematic) : undefined;
    if (obstacle)
      throw new Error(`image "${id}": no Secure Boot image exists for this schematic: ${obstacle}`);
    const checks = new PropChecks(`image "${id}"`);
    checks.text("talosVersion", props.talosVersion, TALOS_VERSION);
    checks.text("schematicId", props.schematicId, SCHEMATIC_ID);
    checks.text("host", props.host, PROXMOX_NODE);
    checks.text("storage", props.storage, STORAGE);
    checks.text("fileNamePrefix", props.fileNamePrefix, IMAGE_PREFIX);
    checks.text("adoptFrom", props.adoptFrom, RESOURCE_ADDRESS);

    this.format = format;
    this.isLeftAsIs = props.leftAsIs ?? false;
    this.secureBoot = secureBoot;
    this.isAdopted = props.adoptFrom !== undefined;
    this.schematicId = props.schematicId ?? schematicId(schematic);
    const file = imageFile({
      format,
      talosVersion: props.talosVersion,
      schematicId: this.schematicId,
      secureBoot,
      prefix: props.fileNamePrefix,
      factoryUrl: props.factoryUrl,
    });
    const { contentType } = file;
    const fileName = props.fileName ?? file.fileName;
    this.url = file.url;

    const datastores = new DataProxmoxDatastores(this, "datastores", {
      nodeName: props.host,
      filters: { id: props.storage },
    });
    datastores.overrideLogicalId(`${id}_storage`);
    const contentTypes = `${datastores.fqn}.datastores[*].content_types`;

    this.resource = new DownloadFile(this, "Resource", {
      nodeName: props.host,
      datastoreId: props.storage,
      contentType,
      url: this.url,
      // Without a name the provider asks Proxmox for one, and may crash on the answer.
      fileName,
      // The size of the factory's file may differ between requests. That must not replace the file.
      overwrite: false,
      // A file of the same name was left by an interrupted apply, so it may be replaced.
      overwriteUnmanaged: true,
      lifecycle: {
        createBeforeDestroy: true,
        precondition: [
          {
            condition: `\${contains(flatten(${contentTypes}), "${contentType}")}`,
            errorMessage:
              `storage "${props.storage}" on "${props.host}" does not take content of type "${contentType}"; ` +
              `allow it under Datacenter > Storage > ${props.storage} > Content, or name another storage`,
          },
        ],
        // On shared storage, `node_name` only says which host downloads. An adopted file is not changed at all.
        ignoreChanges: [
          "node_name",
          ...(props.adoptFrom ? ["url", "file_name", "datastore_id", "overwrite"] : []),
        ],
      },
    });
    this.resource.overrideLogicalId(id);
    if (props.adoptFrom)
      new Moved(this, "moved", { from: props.adoptFrom, to: `proxmox_download_file.${id}` });
    this.fileId = this.isLeftAsIs ? `${props.storage}:${contentType}/${fileName}` : this.resource.id;
  }
}
