/** What determines the name of an installer image. */
export interface Installer {
  /** The image factory's ID of the schematic. */
  readonly schematicId: string;
  /** Whether it is for Secure Boot. @default false */
  readonly secureBoot?: boolean;
  /** Host of the registry. @default "factory.talos.dev" */
  readonly registry?: string;
}

/** The image that installs a release of Talos with a schematic: the same extensions as in the image that the node boots from. */
export function installerImage(
  { schematicId, secureBoot = false, registry = "factory.talos.dev" }: Installer,
  talosVersion: string,
): string {
  return `${registry}/nocloud-installer${secureBoot ? "-secureboot" : ""}/${schematicId}:${talosVersion}`;
}
