import { App, Fn, Lazy, TerraformOutput, TerraformStack, Token, Tokenization } from "cdktf";

const { resolve } = Tokenization;
const cdktfs = resolve.bind(Tokenization);
require("../../stacks/resolve-plain-data");
const ours = Tokenization.resolve;

const stack = new TerraformStack(new App(), "stack");
const output = new TerraformOutput(stack, "output", { value: "" });
/** The options that cdktf gives. */
const options = { scope: output, resolver: resolverOf() };

function resolverOf(): Parameters<typeof resolve>[1]["resolver"] {
  const { DefaultTokenResolver, StringConcat } = require("cdktf") as typeof import("cdktf");
  return new DefaultTokenResolver(new StringConcat());
}

/** What becomes of a value, or the error. */
const outcome = (by: typeof ours, value: unknown) => {
  try {
    return { value: by(value, options) };
  } catch (error) {
    return { message: (error as Error).message };
  }
};

test.each<[string, unknown]>([
  ["plain data", { text: "a", list: [1, null, true, ["b"]], nothing: undefined, empty: {}, none: [] }],
  ["undefined in a list", [1, undefined, 2]],
  ["a token in a text", { deep: [{ text: `before ${Token.asString({ resolve: () => "x" })} after` }] }],
  ["a token that is a number", { size: Token.asNumber(Lazy.numberValue({ produce: () => 5 })) }],
  ["the text of a number that is a token", `${Token.asNumber(Lazy.numberValue({ produce: () => 5 }))}`],
  [
    "a token that is a list",
    { list: Token.asList("${local.list}"), numbers: Token.asNumberList("${local.n}") },
  ],
  ["a token that is a map", Token.asStringMap({ resolve: () => ({ a: "b" }) })],
  ["a token as a key", { [Token.asString({ resolve: () => "key" })]: 1 }],
  ["a token that makes plain data", { lazy: Lazy.anyValue({ produce: () => ({ a: [1, undefined] }) }) }],
  ["an expression", '${[for each in [1] : "${each}"]}'],
  ["an escaped expression", '$${not} %{for} \\ " \n 1e5 e+5 } '],
  ["a function", Fn.join("-", ["a", Fn.upper("b")])],
  ["negative numbers and fractions", [-1, 0.5, -0.5, 1e300, Number.NaN]],
  ["a date", { at: new Date(0) }],
  ["the scalar of a map of texts", { wrong: [Token.STRING_MAP_TOKEN_VALUE] }],
  ["the scalar of a map of numbers", { wrong: Token.NUMBER_MAP_TOKEN_VALUE }],
  ["a function of JavaScript", { deep: { wrong: () => 1 } }],
  ["a construct", { deep: [output] }],
  ["a list token as a scalar", { wrong: Token.asList("${local.list}")[0] }],
])("%s becomes what cdktf makes of it", (_, value) => {
  expect(outcome(ours, value)).toEqual(outcome(cdktfs, value));
});

test("plain data is not looked into by cdktf", () => {
  expect(ours).not.toBe(resolve);
  // cdktf's resolver is asked for every token, and there is none.
  expect(ours({ list: ["a", 1] }, { ...options, scope: undefined as never })).toEqual({ list: ["a", 1] });
});
