import { sha256, snapshotIfValid } from "./snapshot";
import type { Version } from "./store";

/*
 * Names of the versions that these commands keep where the backend keeps none by itself. A name has date, serial and the
 * first digits of the sha256, so that they can be listed without being read: 20260131T120000.000Z-s12-ab12cd34ef56
 */

const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})Z-(?:s(\d+)|damaged)-([0-9a-f]{12})$/;

/** The name of a version with these bytes that is kept now. */
export function versionName(bytes: Uint8Array): string {
  const at = new Date().toISOString().replace(/[-:]/g, "");
  return `${at}-${serialOf(bytes)}-${sha256(bytes).slice(0, 12)}`;
}

/** Reads the name of a version; undefined if it is another name. */
export function parseVersionName(
  id: string,
): Pick<Version, "id" | "createdAt" | "serial" | "sha256"> | undefined {
  const [, year, month, day, hour, minute, second, serial, hash] = NAME.exec(id) ?? [];
  if (hash === undefined) return undefined;
  return {
    id,
    createdAt: `${year}-${month}-${day}T${hour}:${minute}:${second}Z`,
    serial: serial === undefined ? undefined : Number(serial),
    sha256: hash,
  };
}

/** Damaged bytes are kept too: they may be all that is left. */
function serialOf(bytes: Uint8Array): string {
  const state = snapshotIfValid(bytes);
  return state ? `s${state.serial}` : "damaged";
}
