import { sha256, snapshotOrDamaged } from "./snapshot";
import type { Version } from "./store";

/*
 * The copies that these commands make where a backend keeps no versions of its own. Their names tell what is in
 * them, so that a list needs no reads: 20260131T120000.000Z-s12-ab12cd34ef56
 */

const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})Z-(?:s(\d+)|damaged)-([0-9a-f]{12})$/;

/** The name of a copy of `bytes`, made now. */
export function copyName(bytes: Uint8Array): string {
  const at = new Date().toISOString().replace(/[-:]/g, "");
  return `${at}-${serialOf(bytes)}-${sha256(bytes).slice(0, 12)}`;
}

/** What the name of a copy tells; undefined where it is not one of ours. */
export function readCopyName(
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

/** What is no state is kept too: it may be all that is left. */
function serialOf(bytes: Uint8Array): string {
  const state = snapshotOrDamaged(bytes);
  return state ? `s${state.serial}` : "damaged";
}
