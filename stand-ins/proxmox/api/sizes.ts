const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

/** `20G` for 21474836480: the largest unit that divides it. */
export function formatSize(bytes: number): string {
  let unit = "";
  for (const [name, factor] of Object.entries(UNITS)) if (bytes % factor === 0) unit = name;
  return `${bytes / (UNITS[unit] ?? 1)}${unit}`;
}

/** @returns bytes; undefined where the text is not a size */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([KMGT])?$/.exec(text) ?? [];
  return number === undefined ? undefined : Math.floor(Number(number) * (UNITS[unit] ?? 1));
}
