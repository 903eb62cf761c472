import type { TalosImage } from "../model";

/** `ghcr.io/siderolabs/installer`, or the same path in a mirror. Its Talos has no extensions, and names no schematic. */
const PLAIN = /(^|\/)siderolabs\/installer(-base)?$/;
/** `factory.talos.dev/nocloud-installer-secureboot/<schematic>`, or without the platform as older factories wrote it. */
const FACTORY = /^[^/]+\/(.+\/)?([a-z]+-)?installer(-secureboot)?\/(?<schematic>[0-9a-f]{64})$/;

/** The Talos that an installer image brings; undefined where no registry has such an image. */
export function installerImage(reference: string): TalosImage | undefined {
  const [, path = "", version = ""] =
    /^(.+):(v\d+\.\d+\.\d+[^:@/]*)(@sha256:[0-9a-f]{64})?$/.exec(reference) ?? [];
  if (PLAIN.test(path)) return { version };
  const schematic = FACTORY.exec(path)?.groups?.schematic;
  return schematic === undefined ? undefined : { version, schematic };
}

/**
 * Why the installer of a version refuses to replace the one that runs: it goes up two minor versions, and down one.
 * @returns undefined if it does not refuse
 */
export function refusedUpgrade(running: string, next: string): string | undefined {
  const [from, to] = [minorOf(running), minorOf(next)];
  const versions = [running, next].map((version) => version.replace(/^v/, ""));
  if (from < to - 2) return `host version ${versions[0]} is too old to upgrade to Talos ${versions[1]}`;
  if (from > to + 1) return `host version ${versions[0]} is too new to downgrade to Talos ${versions[1]}`;
  return undefined;
}

/** The number of a minor version that is comparable: 1013 of v1.13.9. */
export function minorOf(version: string): number {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version) ?? [];
  return Number(major) * 1000 + Number(minor);
}
