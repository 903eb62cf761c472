import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils";
import { stringify } from "yaml";
import type { Pattern } from "./pattern";

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

/** What can boot the kernel. */
export const BOOTLOADERS = ["auto", "dual-boot", "sd-boot", "grub"] as const;
/** What boots the kernel; `auto` is the factory's choice. One of {@link BOOTLOADERS}. */
export type Bootloader = (typeof BOOTLOADERS)[number];

/** The image factory's ID of a schematic: a SHA-256 in hex. */
export const SCHEMATIC_ID: Pattern = {
  regex: /^[0-9a-f]{64}$/,
  advice: "is not a schematic id; copy the 64 characters 0-9 and a-f from factory.talos.dev",
};

export const EXTENSION: Pattern = {
  regex: /^[a-z0-9-]+\/[a-z0-9][a-z0-9.-]*$/,
  advice: "is not an extension; write it like siderolabs/qemu-guest-agent",
};

/** Words that YAML 1.1 reads as a boolean or null are refused: Go would quote them, and the ID would differ. */
export const KERNEL_ARGUMENT: Pattern = {
  regex:
    /^(?!(y|n|yes|no|on|off|true|false|null)$)-?[A-Za-z_][\w.-]*(=[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/i,
  advice: "is not a kernel argument; write name, name=value or -name, each as an entry of its own",
};

export const OVERLAY_IMAGE: Pattern = {
  regex: /^[a-z][a-z0-9-]*\/[a-z][a-z0-9._-]*$/,
  advice: "is not the image of an overlay; write it like siderolabs/sbc-raspberrypi",
};

/** Words that Go would quote are refused here too. */
export const OVERLAY_NAME: Pattern = {
  regex: /^(?!(y|n|yes|no|on|off|true|false|null)$)[a-z][a-z0-9_-]*$/,
  advice: "is not the name of an overlay; write it like rpi_generic",
};

/** The extension that runs the QEMU guest agent inside Talos. */
export const QEMU_GUEST_AGENT = "siderolabs/qemu-guest-agent";

/** The ID of the schematic that customizes nothing. */
export const VANILLA_SCHEMATIC_ID = schematicId({});

/**
 * The image factory's ID of a schematic, computed without asking the factory.
 *
 * The ID is the SHA-256 of the schematic's YAML exactly as Go's yaml.v3 writes it: four spaces, no line
 * folding, empty fields omitted, `customization` always there. The factory serves images of an ID only
 * after it has received the schematic once (`POST https://factory.talos.dev/schematics`).
 *
 * @throws if the factory would refuse an extension, kernel argument, overlay or bootloader, or Go would quote it differently
 * @see https://github.com/siderolabs/image-factory — pkg/schematic
 */
export function schematicId(schematic: Schematic): string {
  const { extensions = [], kernelArgs = [], overlay, bootloader = "auto" } = schematic;
  for (const extension of extensions) requireForm("extension", extension, EXTENSION);
  for (const argument of kernelArgs) requireForm("kernel argument", argument, KERNEL_ARGUMENT);
  if (!BOOTLOADERS.includes(bootloader)) {
    throw new Error(`bootloader "${bootloader}" is not one of ${BOOTLOADERS.join(", ")}`);
  }
  if (overlay) {
    requireForm("overlay image", overlay.image, OVERLAY_IMAGE);
    requireForm("overlay", overlay.name, OVERLAY_NAME);
  }
  return bytesToHex(sha256(utf8ToBytes(schematicYaml(schematic))));
}

function requireForm(what: string, text: string, { regex, advice }: Pattern): void {
  if (!regex.test(text)) throw new Error(`${what} "${text}" ${advice}`);
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
  // Go sorts the keys of a map, and only the options are a map.
  return { image, name, ...(options && { options: Object.fromEntries(Object.entries(options).sort()) }) };
}

/** Why there is no Secure Boot image for this schematic, and what to do; undefined if there is one. */
export function secureBootObstacle({ overlay, bootloader }: Schematic): string | undefined {
  if (overlay) return `overlay "${overlay.name}" replaces the signed boot chain; leave it out`;
  if (bootloader === "grub" || bootloader === "dual-boot") {
    return `bootloader "${bootloader}" is not signed; use sd-boot or leave it out`;
  }
  return undefined;
}

/** A schematic, or the ID of one that is known to the factory. */
export type SchematicOrId = Schematic | { readonly id: string };

/** Whether the schematic certainly lacks the guest agent. The content of an ID is unknown, except for the vanilla one. */
export function lacksGuestAgent(schematic: SchematicOrId): boolean {
  return "id" in schematic
    ? schematic.id === VANILLA_SCHEMATIC_ID
    : !schematic.extensions?.includes(QEMU_GUEST_AGENT);
}
