/** The font of a text, with sizes in px. `drawing/theme.ts` writes it as CSS. */
export interface Font {
  readonly family: "sans" | "mono";
  readonly size: number;
  readonly lineHeight: number;
  readonly bold: boolean;
}

export type TextStyle = keyof typeof FONTS;

export const FONTS = {
  title: { family: "sans", size: 28, lineHeight: 36, bold: true },
  subtitle: { family: "sans", size: 14, lineHeight: 21, bold: false },
  label: { family: "sans", size: 11, lineHeight: 16, bold: false },
  value: { family: "mono", size: 13, lineHeight: 19, bold: false },
  host: { family: "sans", size: 16, lineHeight: 22, bold: true },
  name: { family: "sans", size: 16, lineHeight: 21, bold: true },
  role: { family: "sans", size: 11, lineHeight: 16, bold: true },
  address: { family: "mono", size: 12, lineHeight: 19, bold: false },
  detail: { family: "sans", size: 12, lineHeight: 17, bold: false },
  figure: { family: "sans", size: 13, lineHeight: 18, bold: true },
  chip: { family: "sans", size: 11, lineHeight: 18, bold: false },
} as const satisfies Record<string, Font>;

/**
 * Upper bounds for the width of characters, in em. They are at least those of DejaVu Sans Bold, the widest of the fonts
 * that `system-ui` can be, so a text that fits by these numbers fits wherever the picture is shown.
 */
const WIDTHS: readonly (readonly [characters: RegExp, em: number])[] = [
  [/[ijlI.,:;'|!·]/, 0.46],
  [/[ \u00a0()[\]/\\ftr"-]/, 0.53],
  [/[mwMW@%…]/, 1.12],
  [/[+=<>~#^×]/, 0.95],
  [/[a-z0-9_*?$`]/, 0.73],
  [/[\x20-\x7e]/, 0.89],
];
/** Any other character can be as wide as an emoji. */
const WIDEST = 1.5;
/** The regular weight is at least a tenth narrower than the bold one. */
const REGULAR = 0.9;
const MONO = 0.62;

/** An upper bound for the width of a line of text in px, since there is no font to measure it with. */
export function textWidth(text: string, style: TextStyle): number {
  const { family, size, bold }: Font = FONTS[style];
  const em = [...text].reduce((sum, character) => sum + characterWidth(character, family, bold), 0);
  return em * size;
}

function characterWidth(character: string, family: Font["family"], bold: boolean): number {
  const em = WIDTHS.find(([characters]) => characters.test(character))?.[1] ?? WIDEST;
  if (em === WIDEST) return em;
  if (family === "mono") return MONO;
  return bold ? em : em * REGULAR;
}

/** A word with what comes after it. The point of a number, a version or an IPv4 address is a part of it. */
const PIECE = /(?:[^ \-.,:/]|(?<=\d)\.(?=\d))*(?:(?!(?<=\d)\.(?=\d))[ \-.,:/])*/g;

/** Breaks a text into lines of at most `width`: after a space or punctuation, or within a word if necessary. */
export function wrap(text: string, style: TextStyle, width: number): string[] {
  const pieces = text.match(PIECE)?.filter(Boolean) ?? [];
  const lines: string[] = [];
  let line = "";
  const fits = (candidate: string) => textWidth(trim(candidate), style) <= width;
  for (const piece of pieces) {
    if (fits(line + piece)) {
      line += piece;
      continue;
    }
    if (line) lines.push(trim(line));
    line = "";
    for (const character of piece) {
      if (line && !fits(line + character)) {
        lines.push(trim(line));
        line = "";
      }
      line += character;
    }
  }
  return [...lines, trim(line)];
}

/** Removes spaces at the end of a line, but not non-breaking ones. */
function trim(line: string): string {
  return line.replace(/ +$/, "");
}
