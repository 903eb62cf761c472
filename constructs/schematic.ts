import { createHash } from "node:crypto";
import { stringify } from "yaml";

/** A customization of the Talos image, as the image factory understands it. */
export interface Schematic {
  /** Official system extensions, such as `siderolabs/qemu-guest-agent`. @default - no extensions */
  readonly extensions?: readonly string[];
  /** Kernel arguments added to the command line; a leading `-` removes one. @default - no change */
  readonly kernelArgs?: readonly string[];
  /** Overlay for a single-board computer. Secure Boot images cannot have one. @default - no overlay */
  readonly overlay?: Overlay;
  /** What boots the kernel. @default - the factory's choice: systemd-boot on UEFI, GRUB elsewhere */
  readonly bootloader?: Bootloader;
}

/** What a single-board computer boots in place of the standard boot chain. */
export interface Overlay {
  /** Name of the overlay in its image, for example `rpi_generic`. */
  readonly name: string;
  /** Image of the overlay, for example `siderolabs/sbc-raspberrypi`. */
  readonly image: string;
  /** Options of the overlay, by name. @default - no options */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What boots the kernel; `auto` is the factory's choice. */
export type Bootloader = "auto" | "dual-boot" | "sd-boot" | "grub";

/** The extension that runs the QEMU guest agent inside Talos. */
export const QEMU_GUEST_AGENT = "siderolabs/qemu-guest-agent";

const EXTENSION = /^[a-z0-9-]+\/[a-z0-9][a-z0-9.-]*$/;
const KERNEL_ARGUMENT = /^-?[A-Za-z_][\w.-]*(=[\x21-\x7e](.*[\x21-\x7e])?)?$/;
/** Words that YAML 1.1, and so Go, takes for a boolean or null and therefore quotes. */
const YAML_WORD = /^(y|n|yes|no|on|off|true|false|null)$/i;

/**
 * The image factory's ID of a schematic, computed without asking the factory.
 *
 * The ID is the SHA-256 of the schematic's YAML exactly as Go's yaml.v3 writes it: four spaces, no line
 * folding, empty fields omitted, `customization` always there. The factory serves images of an ID only
 * after it has received the schematic once (`POST https://factory.talos.dev/schematics`).
 *
 * @throws where an extension or kernel argument has a form that the factory would not take or that Go would
 * quote in another way than we do.
 * @see https://github.com/siderolabs/image-factory — pkg/schematic
 */
export function schematicId(schematic: Schematic): string {
  for (const extension of schematic.extensions ?? []) {
    if (!EXTENSION.test(extension)) {
      throw new Error(`extension "${extension}" is not of the form siderolabs/<name>`);
    }
  }
  for (const argument of schematic.kernelArgs ?? []) {
    if (!KERNEL_ARGUMENT.test(argument) || YAML_WORD.test(argument)) {
      throw new Error(`kernel argument "${argument}" is not of the form name, name=value or -name`);
    }
  }
  return createHash("sha256").update(schematicYaml(schematic)).digest("hex");
}

/** The YAML to POST to the factory, and the text that {@link schematicId} hashes. */
export function schematicYaml(schematic: Schematic): string {
  const { extensions = [], kernelArgs = [], overlay, bootloader = "auto" } = schematic;
  const customization = {
    ...(kernelArgs.length > 0 && { extraKernelArgs: kernelArgs }),
    ...(extensions.length > 0 && { systemExtensions: { officialExtensions: extensions } }),
    ...(bootloader !== "auto" && { bootloader }),
  };
  return stringify(
    { ...(overlay && { overlay: overlayOf(overlay) }), customization },
    { indent: 4, lineWidth: 0, singleQuote: true },
  );
}

function overlayOf({ image, name, options }: Overlay): object {
  // Go sorts the keys of a map, and the options are the only one in here.
  return { image, name, ...(options && { options: Object.fromEntries(Object.entries(options).sort()) }) };
}

/** Why no Secure Boot image exists for this schematic; undefined where one does. */
export function secureBootObstacle({ overlay, bootloader }: Schematic): string | undefined {
  if (overlay) return `overlay "${overlay.name}" replaces the signed boot chain`;
  if (bootloader === "grub" || bootloader === "dual-boot") {
    return `bootloader "${bootloader}" is not signed; use sd-boot or leave it out`;
  }
  return undefined;
}
