import fc from "fast-check";
import { NotAState } from "../../worker/src/state/json-reader";
import { type ScannedState, StateScanner } from "../../worker/src/state/state-scanner";
import { stateBody } from "./conformance/client";

/** Feeds the text in pieces that end at `cuts`. */
function scan(text: string, cuts: readonly number[] = []): ScannedState {
  const bytes = Buffer.from(text);
  const scanner = new StateScanner();
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    scanner.push(bytes.subarray(from, cut));
    from = cut;
  }
  return scanner.finish();
}

const cuts = fc.array(fc.nat(10_000), { maxLength: 12 });

test("accepts exactly the JSON objects that JSON.parse accepts, however they are cut", () => {
  const documents = fc.oneof(
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })).map((value) => JSON.stringify(value)),
    fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value, null, 2)),
    fc.json(),
  );
  const edit = fc.tuple(
    documents,
    fc.nat(),
    fc.constantFrom("", "{", "}", "[", "]", '"', ",", ":", "\\", "0", "-", "e", "\n", "\u0000", "t"),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        documents,
        edit.map(
          ([text, at, by]) =>
            text.slice(0, at % (text.length + 1)) + by + text.slice((at % (text.length + 1)) + 1),
        ),
      ),
      cuts,
      (text, at) => {
        let expected: boolean;
        try {
          const value = JSON.parse(text) as unknown;
          expected = typeof value === "object" && value !== null && !Array.isArray(value);
        } catch {
          expected = false;
        }
        let accepted = true;
        try {
          scan(text, at);
        } catch (error) {
          expect(error).toBeInstanceOf(NotAState);
          accepted = false;
        }
        // Two equal keys and containers under a key that we read are stricter than JSON.
        const stricter =
          /"(version|serial|lineage|terraform_version|encrypted_data|encryption_version)"/.test(text);
        if (!stricter) expect(accepted).toBe(expected);
      },
    ),
    { numRuns: 3000 },
  );
});

test("reads serial, lineage and resources of a state, however it is cut", () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 40),
      fc.string({ minLength: 1, maxLength: 60 }),
      fc.uniqueArray(fc.stringMatching(/^[a-z_]{1,9}$/)),
      cuts,
      (serial, lineage, resources, at) => {
        const scanned = scan(stateBody({ serial, lineage, resources, note: '"serial":1,\\' }), at);
        const addresses = resources.map((name) => `terraform_data.${name}`).sort();
        expect(scanned).toEqual({
          serial,
          lineage,
          encrypted: false,
          resources: addresses,
        });
      },
    ),
    { numRuns: 300 },
  );
});

test("reads serial and lineage of an encrypted state", () => {
  const scanned = scan(stateBody({ serial: 7, lineage: "l", encrypted: true }), [3, 40]);
  expect(scanned).toMatchObject({ serial: 7, lineage: "l", encrypted: true, resources: null });
});

test("names data sources and modules as the clients do", () => {
  const resource = { mode: "data", type: "http", name: "ip", module: 'module.net["a"]', instances: [{}] };
  const text = JSON.stringify({
    version: 4,
    serial: 1,
    lineage: "l",
    resources: [resource],
    check_results: [{ type: "x", name: "y" }],
  });
  expect(scan(text).resources).toEqual(['module.net["a"].data.http.ip']);
});

test.each([
  ["a serial of two values", '{"version":4,"serial":1,"serial":2,"lineage":"l"}'],
  ["a serial that is an object", '{"version":4,"serial":{},"lineage":"l"}'],
  ["deep nesting", `{"a":${"[".repeat(600)}${"]".repeat(600)}}`],
  ["a number without end", `{"a":${"1".repeat(1000)}}`],
])("refuses %s", (_, text) => {
  expect(() => scan(text)).toThrow(NotAState);
});
