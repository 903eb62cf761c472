import { installerImage, refusedUpgrade } from "../../../stand-ins/talos/node/installer-image";

const schematic = "a".repeat(64);
const version = "v1.13.9";

test.each([
  [`ghcr.io/siderolabs/installer:${version}`, { version }],
  [`siderolabs/installer:${version}`, { version }],
  [`mirror.lan:5000/siderolabs/installer-base:${version}`, { version }],
  [`factory.talos.dev/nocloud-installer/${schematic}:${version}`, { version, schematic }],
  [`factory.talos.dev/metal-installer-secureboot/${schematic}:${version}`, { version, schematic }],
  [`factory.lan:8080/installer/${schematic}:${version}`, { version, schematic }],
  [`factory.talos.dev/installer/${schematic}:${version}@sha256:${schematic}`, { version, schematic }],
  ["ghcr.io/siderolabs/installer", undefined],
  ["ghcr.io/siderolabs/installer:latest", undefined],
  [`ghcr.io/siderolabs/talos:${version}`, undefined],
  [`factory.talos.dev/nocloud-installer/abc:${version}`, undefined],
  [`factory.talos.dev/nocloud-installer:${version}`, undefined],
])("%s", (reference, image) => expect(installerImage(reference)).toEqual(image));

test.each([
  ["v1.11.6", "v1.13.9", undefined],
  ["v1.14.0", "v1.13.9", undefined],
  ["v1.13.0", "v1.13.0-beta.1", undefined],
  ["v1.10.0", "v1.13.9", "host version 1.10.0 is too old to upgrade to Talos 1.13.9"],
  ["v1.15.0", "v1.13.9", "host version 1.15.0 is too new to downgrade to Talos 1.13.9"],
])("from %s to %s", (from, to, refusal) => expect(refusedUpgrade(from, to)).toBe(refusal));
