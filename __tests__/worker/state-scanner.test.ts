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

/** What the scanner says of a document that is to become a new version: null where it may. */
function defect(document: string | Uint8Array): string | null {
  const scanner = new StateScanner();
  try {
    scanner.push(Buffer.from(document as string));
    return scanner.defect();
  } catch (error) {
    if (error instanceof NotAState) return error.message;
    throw error;
  }
}
/** A state in plaintext, of these members beside `more`. */
const plain = (more: string, serial = "1", lineage = '"l"') =>
  `{"version":4,"serial":${serial},"lineage":${lineage}${more && `,${more}`}}`;
const sealed = (data: string, version = '"v0"', more = "") =>
  `{"serial":1,"lineage":"l","meta":{"k":"e30="},"encrypted_data":${data},"encryption_version":${version}${more}}`;
const instance = (member: string) => plain(`"resources":[{"type":"a","name":"b","instances":[{${member}}]}]`);
const nested = (depth: number) => `"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}`;
const latin1 = (text: string) => Buffer.from(text, "latin1");

// Go's encoding/json reads each of these differently, or not at all.
test.each<[string, string | Uint8Array, RegExp]>([
  [
    "a serial in capitals",
    plain("", "1").replace("serial", "Serial"),
    /key "Serial" would be read as "serial"/,
  ],
  ["a second serial in capitals", plain('"SERIAL":9'), /key "SERIAL" would be read as "serial"/],
  ["a serial with a long s", plain('"ſerial":9'), /key "ſerial" would be read as "serial"/],
  ["the same as an escape", plain('"\\u017ferial":9'), /would be read as "serial"/],
  ["a lineage in capitals", plain('"LINEAGE":"other"'), /would be read as "lineage"/],
  ["resources in capitals", plain('"Resources":[]'), /would be read as "resources"/],
  [
    "a name in capitals",
    plain('"resources":[{"type":"a","name":"b","NAME":"c"}]'),
    /would be read as "name"/,
  ],
  ["a Kelvin sign", instance('"index_\u212aey":1'), /would be read as "index_key"/],
  ["encryption in capitals", plain('"Encryption_Version":"v0"'), /would be read as "encryption_version"/],
  ["two serials", plain('"serial":2'), /has "serial" twice/],
  ["two serials, one of them escaped", plain('"\\u0073erial":2'), /has "serial" twice/],
  ["two lists of resources", plain('"resources":[],"resources":[]'), /has "resources" twice/],
  ["two names", plain('"resources":[{"type":"a","name":"b","name":"c"}]'), /has "resources.name" twice/],
  ["a byte order mark before it", `\ufeff${plain("")}`, /not a JSON object/],
  ["one before a key", plain("").replace('"serial"', '"\ufeffserial"'), /no "serial"/],
  ["invalid UTF-8 in the lineage", latin1(plain("", "1", '"l\xff"')), /"lineage" is not UTF-8/],
  ["half a surrogate pair in the lineage", plain("", "1", '"\\ud800"'), /"lineage" is not UTF-8/],
  [
    "a lineage of 5 KB",
    plain("", "1", `"${"l".repeat(5000)}"`),
    /"lineage" is not UTF-8, or longer than 4 KB/,
  ],
  ["an empty lineage", plain("", "1", '""'), /no "lineage"/],
  ["a lineage that is a number", plain("", "1", "7"), /"lineage" is 7, which no client/],
  ["a serial with an exponent", plain("", "1e3"), /"serial" is 1e3, which no client/],
  ["a serial with a point", plain("", "5.0"), /"serial" is 5\.0, which no client/],
  ["a serial of minus zero", plain("", "-0"), /"serial" is -0, which no client/],
  ["a serial below zero", plain("", "-1"), /"serial" is -1, which no client/],
  ["a serial in quotes", plain("", '"1"'), /"serial" is a text, which no client/],
  ["a serial that is null", plain("", "null"), /no "serial"/],
  ["a serial above 2^64", plain("", "18446744073709551616"), /"serial" is 18446744073709551616, which no/],
  [
    "a serial above 2^53",
    plain("", "9007199254740993"),
    /"serial" is 9007199254740993, more than 9007199254740991/,
  ],
  ["a serial that is an object", plain("", "{}"), /"serial" is not a plain value/],
  ["version zero", plain("").replace("4", "0"), /no "version" that is a whole number from 1 on/],
  ["version 4.0", plain("").replace("4", "4.0"), /"version" is 4\.0, which no client/],
  ["resources that are no list", plain('"resources":{}'), /"resources" is an object, which no client/],
  ["outputs that are a list", plain('"outputs":[]'), /"outputs" is a list, which no client/],
  ["a name that is a number", plain('"resources":[{"name":1}]'), /"resources.name" is 1, which no client/],
  ["a schema version below zero", instance('"schema_version":-1'), /instances.schema_version" is -1/],
  ["a flag that is a text", instance('"create_before_destroy":"no"'), /create_before_destroy" is a text/],
  ["private data that is no base64", instance('"private":"###"'), /instances.private" is not base64/],
  ["an index beyond a float64", instance('"index_key":1e400'), /instances.index_key" is 1e400/],
  ["an index that is a list", instance('"index_key":[]'), /instances.index_key" is a list/],
  ["encrypted data that is no base64", sealed('"plain text"'), /"encrypted_data" is not base64/],
  ["encrypted data that is base64 but for its end", sealed('"YQ="'), /"encrypted_data" is not base64/],
  ["encrypted data after its padding", sealed('"YQ==YQ=="'), /"encrypted_data" is not base64/],
  ["encrypted data that is a number", sealed("7"), /"encrypted_data" is 7, which no client/],
  ["encrypted data that is null", sealed("null"), /"encrypted_data" is empty/],
  ["encrypted data that is empty", sealed('""'), /"encrypted_data" is empty/],
  ["an empty encryption version", sealed('"YQ=="', '""'), /no "encryption_version"/],
  [
    "encryption fields beside plain ones",
    sealed('"YQ=="', '"v0"', ',"version":4'),
    /both "version" and "encrypted_data"/,
  ],
  [
    "an empty encryption version beside resources",
    plain('"encryption_version":"","resources":[]'),
    /has both/,
  ],
  ["encrypted data beside resources", plain('"encrypted_data":"none","resources":[]'), /has both/],
  ["more than 10,000 levels", plain(nested(10_001)), /nests deeper than 10000 levels/],
  ["a control character in a string", plain('"a":"\t"'), /not valid JSON/],
  ["a NUL in a string", plain('"a":"\0"'), /not valid JSON/],
  ["a NUL after the end", `${plain("")}\0`, /not a JSON object/],
  ["more after the end", `${plain("")}{}`, /not a JSON object/],
  ["an unknown escape", plain('"a":"\\x41"'), /not valid JSON/],
  ["an escape of three digits", plain('"a":"\\u12g4"'), /not valid JSON/],
  ["NaN", plain('"a":NaN'), /not valid JSON/],
  ["Infinity", plain('"a":-Infinity'), /not valid JSON/],
  ["a leading zero", plain('"a":01'), /not valid JSON/],
  ["a bare exponent", plain('"a":1e'), /not valid JSON/],
  ["a trailing comma", plain('"a":[1,]'), /not valid JSON/],
  ["a list", "[1]", /not a JSON object/],
  ["nothing", "", /empty/],
])("refuses %s", (_, document, why) => {
  expect(defect(document)).toMatch(why);
});

// A client writes these, or reads them as we do.
test.each<[string, string | Uint8Array]>([
  [
    "a number of 400 digits in an output, which 1e500 is",
    plain(`"outputs":{"n":{"value":1${"0".repeat(500)},"type":"number"}}`),
  ],
  ["a number of 100,000 digits", plain(`"outputs":{"n":{"value":0.${"1".repeat(100_000)},"type":"number"}}`)],
  ["10,000 levels", plain(nested(10_000 - 1))],
  ["the greatest serial", plain("", "9007199254740991")],
  ["serial 0", plain("", "0")],
  ["a lineage of any text", plain("", "1", '"\ufeffé😀\\ud83d\\ude00\\u0000"')],
  ["a null where a list may be", plain('"check_results":null,"resources":null,"outputs":null')],
  ["keys that no client knows", plain('"Sérial":{},"ser":1,"serıal":2,"note":[1e999]')],
  [
    "keys in capitals where they are names",
    plain('"outputs":{"Serial":{"value":{"Serial":1,"Serial":2},"type":"string"}}'),
  ],
  ["invalid UTF-8 in an attribute", latin1(instance('"attributes":{"a":"\xff\\ud800"}'))],
  ["empty private data", instance('"private":""')],
  ["ciphertext", sealed('"c2VhbGVk"')],
  ["an escaped key", plain("").replace('"serial"', '"\\u0073erial"')],
])("accepts %s", (_, document) => {
  expect(defect(document)).toBeNull();
});

test("knows an encrypted state by its ciphertext, and by nothing beside plaintext", () => {
  expect(scan(sealed('"YQ=="')).encrypted).toBe(true);
  expect(scan(sealed('"none!"')).encrypted).toBe(false);
  expect(scan(sealed('"YQ=="', '""')).encrypted).toBe(false);
  expect(scan(sealed('"YQ=="', '"v0"', ',"resources":[]')).encrypted).toBe(false);
});

test("keeps a byte order mark in a lineage, and what was stored before stays readable", () => {
  expect(scan(plain("", "1", '"\ufeffl"')).lineage).toBe("\ufeffl");
  expect(scan(plain('"Serial":2,"resources":{}', "5.0"))).toMatchObject({ serial: null, lineage: "l" });
  expect(() => scan(plain('"serial":2'))).toThrow(NotAState);
});

test("keeps at most 512 KB of addresses", () => {
  const withNames = (count: number, length: number) =>
    plain(
      `"resources":[${Array.from({ length: count }, (_, at) => `{"type":"t","name":"${`${at}`.padStart(length, "n")}"}`)}]`,
    );
  expect(scan(withNames(120, 4000)).resources).toHaveLength(120);
  expect(scan(withNames(140, 4000)).resources).toBeNull();
  expect(scan(withNames(1, 5000)).resources).toBeNull();
});
