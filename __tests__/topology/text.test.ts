import fc from "fast-check";
import { FONTS, type Font, type TextStyle, textWidth, wrap } from "../../topology/layout/text";

/** Advance widths of DejaVu Sans Bold from U+0020 to U+007E, in thousandths of the font size. */
const DEJAVU_SANS_BOLD = [
  348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696,
  696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372,
  372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838,
  500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595,
  478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];
/** The same of DejaVu Sans. */
const DEJAVU_SANS = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
  636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295,
  295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838,
  500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
  392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];
const DEJAVU_SANS_MONO = 602;

function measured({ family, bold }: Font, index: number): number {
  if (family === "mono") return DEJAVU_SANS_MONO;
  return (bold ? DEJAVU_SANS_BOLD : DEJAVU_SANS)[index] ?? Number.NaN;
}

const styles = Object.keys(FONTS) as TextStyle[];

test.each(styles)("no character of %s is wider in a wide font than the estimate", (style) => {
  const font: Font = FONTS[style];
  const narrow = DEJAVU_SANS.map((_, index) => String.fromCharCode(0x20 + index)).filter(
    (character, index) => textWidth(character, style) < (measured(font, index) / 1000) * font.size,
  );
  expect(narrow).toEqual([]);
});

const line = fc.string({ unit: fc.constantFrom(..."abm09-.:/ \u00a0é"), maxLength: 80 });

test("wrapped lines fit, and together are the text", () => {
  fc.assert(
    fc.property(line, fc.integer({ min: 45, max: 400 }), fc.constantFrom(...styles), (text, width, style) => {
      const lines = wrap(text, style, width);
      for (const each of lines) expect(textWidth(each, style)).toBeLessThanOrEqual(width);
      expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }),
  );
});

test("a text breaks after punctuation, and within a word only if necessary", () => {
  expect(wrap("worker-in-the-rack", "name", 120)).toEqual(["worker-in-", "the-rack"]);
  expect(wrap("2001:db8::1", "address", 1000)).toEqual(["2001:db8::1"]);
  expect(wrap("aaaaaaaaaa", "name", 60)).toEqual(["aaaaa", "aaaaa"]);
  expect(wrap("", "name", 60)).toEqual([""]);
  expect(wrap("pve.example.internal", "name", 120)).toEqual(["pve.", "example.", "internal"]);
});

test("a number and a version stay whole", () => {
  expect(wrap("memory, 1.1 TiB", "name", textWidth("memory, 1.", "name"))).toEqual(["memory,", "1.1 TiB"]);
  expect(wrap("Talos v1.13.0", "name", textWidth("Talos v1.", "name"))).toEqual(["Talos", "v1.13.0"]);
});
