import fc from "fast-check";
import { GLOB, matchesGlob } from "../../domain/glob";

/** The definition, one character at a time; the set of places in the glob that the text so far can lead to. */
function reference(glob: string, text: string): boolean {
  const past = (places: Set<number>): Set<number> => {
    for (const place of places) if (glob[place] === "*") places.add(place + 1);
    return places;
  };
  let places = past(new Set([0]));
  for (const character of text.split("")) {
    const next = new Set<number>();
    for (const place of places) {
      if (glob[place] === "*") next.add(place);
      else if (glob[place] === character) next.add(place + 1);
    }
    places = past(next);
  }
  return places.has(glob.length);
}

const few = (...characters: string[]) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 });

test("a glob matches what its definition says", () => {
  fc.assert(
    fc.property(few("a", "b", "*"), few("a", "b"), (glob, text) => {
      expect(matchesGlob(glob, text)).toBe(reference(glob, text));
    }),
    { numRuns: 20_000 },
  );
});

test("a glob that was made of a text matches it, whatever characters it has", () => {
  const parts = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })));
  fc.assert(
    fc.property(parts, (parts) => {
      const glob = parts.map(([literal]) => `${literal}*`).join("");
      expect(matchesGlob(glob, parts.flat().join(""))).toBe(true);
    }),
  );
});

test.each([
  ["prod-*", "prod-eu", true],
  ["prod-*", "prod-", true],
  ["prod-*", "prod", false],
  ["*-eu", "prod-eu", true],
  ["a*a", "a", false],
  ["a.c", "abc", false],
  ["(a+)+$", "aaaa", false],
  ["prod", "prod2", false],
  ["prod-*", "xprod-1", false],
  ["a+", "aa", false],
  ["*", "", true],
  ["*", "any\nlines", true],
  ["", "", true],
  ["", "a", false],
])("%j and %j: %s", (glob, text, expected) => {
  expect(matchesGlob(glob, text)).toBe(expected);
});

test("stars do not multiply the work", () => {
  // A backtracking matcher would be at this for longer than the universe is old.
  const text = "a".repeat(100_000);
  expect(matchesGlob(`${"*a".repeat(1000)}*c`, text)).toBe(false);
  expect(matchesGlob(`${"*a".repeat(1000)}*c*`, text)).toBe(false);
  expect(matchesGlob("*".repeat(1000), text)).toBe(true);
});

test("what may be set has an end, in characters and in stars", () => {
  for (const fits of ["*", "prod-*", "*a*a*a*a*a*a*a*a*a*", "a".repeat(500)])
    expect(fits).toMatch(GLOB.regex);
  for (const tooMuch of ["", "*a*a*a*a*a*a*a*a*a*a*", "*".repeat(11), "a".repeat(501)])
    expect(tooMuch).not.toMatch(GLOB.regex);
});
