/* Strings and literals of JSON as one automaton (https://www.rfc-editor.org/rfc/rfc8259#section-6), a byte at a time. */

/** Where in a string or literal a reader is. */
export const Lex = {
  Between: 0,
  InString: 1,
  Escape: 2,
  Hex1: 3,
  Hex2: 4,
  Hex3: 5,
  Hex4: 6,
  lastInString: 6,
  Minus: 7,
  Point: 8,
  Exponent: 9,
  ExponentSign: 10,
  /** Ten places for the words that have begun. */
  Words: 11,
  /** From here on, a literal may end. */
  firstComplete: 21,
  Zero: 21,
  Integer: 22,
  Fraction: 23,
  ExponentDigits: 24,
  Word: 25,
} as const;

const states = 26;
const table = new Uint8Array(states * 256);

/** The place after `byte`; `Lex.Between` where the byte does not belong there. */
export const lexNext = (lex: number, byte: number): number => table[lex * 256 + byte] as number;

export const startsLiteral = (byte: number): boolean => lexNext(Lex.Between, byte) > Lex.lastInString;

const on = (from: number, chars: string, to: number): void => {
  for (const char of chars) table[from * 256 + char.charCodeAt(0)] = to;
};
const digits = "0123456789";
const hex = `${digits}abcdefABCDEF`;

on(Lex.InString, "\\", Lex.Escape);
on(Lex.Escape, '"\\/bfnrt', Lex.InString);
on(Lex.Escape, "u", Lex.Hex1);
on(Lex.Hex1, hex, Lex.Hex2);
on(Lex.Hex2, hex, Lex.Hex3);
on(Lex.Hex3, hex, Lex.Hex4);
on(Lex.Hex4, hex, Lex.InString);

on(Lex.Between, "-", Lex.Minus);
for (const start of [Lex.Between, Lex.Minus]) {
  on(start, "123456789", Lex.Integer);
  on(start, "0", Lex.Zero);
}
on(Lex.Integer, digits, Lex.Integer);
for (const whole of [Lex.Zero, Lex.Integer]) on(whole, ".", Lex.Point);
on(Lex.Point, digits, Lex.Fraction);
on(Lex.Fraction, digits, Lex.Fraction);
for (const number of [Lex.Zero, Lex.Integer, Lex.Fraction]) on(number, "eE", Lex.Exponent);
on(Lex.Exponent, "+-", Lex.ExponentSign);
for (const start of [Lex.Exponent, Lex.ExponentSign, Lex.ExponentDigits])
  on(start, digits, Lex.ExponentDigits);

let free: number = Lex.Words;
for (const word of ["true", "false", "null"]) {
  let from: number = Lex.Between;
  for (const char of word.slice(0, -1)) {
    on(from, char, free);
    from = free++;
  }
  on(from, word.slice(-1), Lex.Word);
}
