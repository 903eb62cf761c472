import fc from "fast-check";

/* States as text: most as clients write them, some with what only one JSON reader in two would take. */

type Text = fc.Arbitrary<string>;

const oneOf = (...texts: readonly string[]): Text => fc.constantFrom(...texts);
/** Mostly `usual`. */
const rarely = (usual: Text, odd: Text, usually = 60): Text =>
  fc.oneof({ weight: usually, arbitrary: usual }, { weight: 1, arbitrary: odd });

/** What does not fit everywhere. */
const oddValue = oneOf(
  ...[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "4",
    "-1",
    "1e3",
    "5.0",
    "5e0",
    "1E400",
    "1e-400",
    "0.5",
    "01",
    "1.",
    ".5",
  ],
  ...["+1", "0x10", "NaN", "Infinity", "9007199254740991", "9007199254740992", "9007199254740993"],
  ...["9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616"],
  ...[
    "9".repeat(308),
    "9".repeat(400),
    `0.${"0".repeat(400)}1`,
    `1${"0".repeat(5000)}`,
    "tru",
    "nulL",
    "True",
    "1 2",
  ],
  ...[
    '""',
    '"a"',
    '"5"',
    '"v0"',
    '"YQ=="',
    '"YWI="',
    '"YWJj"',
    '"YW=="',
    '"YQ="',
    '"YQ"',
    '"Y=Q="',
    '"===="',
    '"Y Q="',
  ],
  ...[
    '"Y\\u0051=="',
    '"YQ==\\n"',
    '"YQ-_"',
    '"\\ufeffl"',
    '"\ufeffl"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
  ],
  ...[
    '"\\x41"',
    '"\\u12g4"',
    '"\t"',
    '"\\t"',
    '"\u0000"',
    '"\\u0000"',
    '"\u007f\u2028"',
    '"\\/"',
    "'a'",
    '"a',
    '"\\"',
  ],
  ...[
    "{}",
    "[]",
    "[1]",
    '["a"]',
    "[null]",
    "[{}]",
    '{"a":1}',
    '{"a":"YQ=="}',
    '{"a":null}',
    "[[]]",
    "{,}",
    "[1,]",
  ],
  ..."[]{}".split(""),
  `${"[".repeat(600)}${"]".repeat(600)}`,
  `${"[".repeat(9_990)}${"]".repeat(9_990)}`,
  `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
);

/** Ways to write a key, some of which Go takes for the field of that name. */
const keyForms: readonly ((name: string) => string)[] = [
  (name) => name.toUpperCase(),
  (name) => name.charAt(0).toUpperCase() + name.slice(1),
  (name) => name.replace("s", "ſ"),
  (name) => name.replace("k", "\u212a"),
  (name) => name.replace("i", "ı"),
  (name) => name.replace("i", "İ"),
  (name) => `\ufeff${name}`,
  (name) => `${name.charAt(0)}\ufeff${name.slice(1)}`,
  (name) => `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
  (name) => name.replace("s", "\\u017F"),
  (name) => `\\ud800${name}`,
  (name) => `${name}\\u0000`,
  (name) => ` ${name}`,
];
const keyOf = (name: string): Text =>
  rarely(
    fc.constant(name),
    fc.constantFrom(...keyForms).map((form) => form(name)),
    40,
  ).map((key) => `"${key}"`);

const join = (open: string, items: readonly string[], close: string, space: string): string =>
  `${open}${space}${items.join(`,${space}`)}${space}${close}`;
const space = oneOf("", "", " ", "\n  ", "\r\n\t");

/** An object with most of these fields, in some order, rarely one twice. */
function struct(fields: Readonly<Record<string, Text>>): Text {
  const entries = Object.entries(fields).map(([name, value]) =>
    fc.tuple(keyOf(name), rarely(value, oddValue)).map(([key, text]) => `${key}:${text}`),
  );
  const extra = rarely(
    fc.constant(""),
    fc.oneof(
      ...entries,
      oddValue.map((text) => `"note":${text}`),
    ),
    25,
  );
  return fc
    .tuple(
      fc.tuple(...entries.map((entry) => fc.option(entry, { freq: 40, nil: "" }))),
      extra,
      fc.boolean(),
      space,
    )
    .map(([usual, more, reversed, between]) => {
      const items = [...usual, more].filter(Boolean);
      return join("{", reversed ? items.reverse() : items, "}", between);
    });
}
const list = (item: Text): Text =>
  fc.tuple(fc.array(item, { maxLength: 3 }), space).map(([items, between]) => join("[", items, "]", between));
const map = (item: Text): Text =>
  fc.array(fc.tuple(fc.string({ unit: "binary", maxLength: 5 }), item), { maxLength: 3 }).map((entries) =>
    join(
      "{",
      entries.map(([key, text]) => `${JSON.stringify(key)}:${text}`),
      "}",
      "",
    ),
  );

const json = fc.json({ maxDepth: 3 });
const text: Text = fc
  .oneof(oneOf("a", "b.c", 'x["é"]', "ſ\u2028\ufeff<>&"), fc.string({ unit: "binary", maxLength: 12 }))
  .map((value) => JSON.stringify(value));
const count = fc.oneof(fc.nat(9).map(String), fc.maxSafeNat().map(String));
const flag = oneOf("true", "false");
const base64 = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => `"${Buffer.from(bytes).toString("base64")}"`);
const lineage = rarely(oneOf('"3f0c"', '"l"'), text);

const instance = struct({
  index_key: fc.oneof(text, count, oneOf("1.5", "1e21", "null")),
  status: text,
  deposed: text,
  schema_version: count,
  attributes: json,
  attributes_flat: map(text),
  sensitive_attributes: oneOf("[]", "null"),
  private: base64,
  dependencies: list(text),
  create_before_destroy: flag,
  identity_schema_version: count,
});
const resource = struct({
  module: rarely(oneOf('"module.a"', '""'), text),
  mode: oneOf('"managed"', '"data"'),
  type: oneOf('"terraform_data"', '"http"'),
  name: text,
  each: oneOf('"list"', '"map"'),
  provider: text,
  instances: list(instance),
});
const plainFields = {
  version: oneOf("4", "4", "4", "1", "5"),
  terraform_version: oneOf('"1.12.6"', '"1.9.0-beta1"'),
  serial: count,
  lineage,
  outputs: map(
    struct({
      value: fc.oneof(json, oddValue),
      type: oneOf('"string"', '["list","number"]'),
      sensitive: flag,
    }),
  ),
  resources: list(resource),
  check_results: fc.oneof(
    oneOf("null"),
    list(
      struct({
        object_kind: text,
        config_addr: text,
        status: text,
        objects: list(struct({ failure_messages: list(text) })),
      }),
    ),
  ),
};
const sealedFields = {
  serial: count,
  lineage,
  meta: map(base64),
  encrypted_data: base64,
  encryption_version: rarely(oneOf('"v0"'), text, 8),
};

const whole = fc.oneof(
  { weight: 6, arbitrary: struct(plainFields) },
  { weight: 3, arbitrary: struct(sealedFields) },
  { weight: 1, arbitrary: struct({ ...plainFields, ...sealedFields }) },
);

/** Bytes that are put into a document somewhere. */
const oddBytes = fc.oneof(
  fc
    .constantFrom(
      '"',
      "\\",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "0",
      "-",
      "e",
      "\n",
      "\0",
      "\ufeff",
      "\\u",
      "\\ud800",
      "é",
    )
    .map((odd) => Buffer.from(odd)),
  fc
    .constantFrom([0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xef, 0xbb], [0xf4, 0x90, 0x80, 0x80])
    .map((odd) => Buffer.from(odd)),
);
const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), removed: fc.nat(2), odd: oddBytes });

/** The bytes of states, and of what nearly is one. */
export const oddStates: fc.Arbitrary<Buffer> = fc
  .tuple(whole, fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: edit }))
  .map(([text, change]) => {
    const bytes = Buffer.from(text);
    if (change === null) return bytes;
    const at = Math.round(change.at * bytes.length);
    return Buffer.concat([bytes.subarray(0, at), change.odd, bytes.subarray(at + change.removed)]);
  });
