import { requirePlain } from "./plain-output";

const written = { command: ["plan"], stdout: "", stderr: "", isWhole: true };

test.each([
  ["a colour", { stderr: "\x1b[31mred\x1b[39m" }, /an escape code on stderr/],
  ["a line that is rewritten", { stdout: "\r\x1b[Kreading" }, /an escape code on stdout/],
  [
    "a line before the JSON",
    { command: ["plan", "--json"], stdout: "reading\n{}\n" },
    /not one JSON document/,
  ],
  ["two documents", { command: ["plan", "--json"], stdout: "{}\n{}\n" }, /not one JSON document/],
])("%s is found", (_what, more, problem) => {
  expect(() => requirePlain({ ...written, ...more })).toThrow(problem);
});

test.each([
  ["one document", { command: ["plan", "--json"], stdout: "{}\n" }],
  ["no document, where it failed", { command: ["plan", "--json"], stderr: "it failed" }],
  ["half a document of what was killed", { command: ["plan", "--json"], stdout: "{", isWhole: false }],
  ["text", { stdout: "reading\n" }],
])("%s is fine", (_what, more) => {
  expect(() => requirePlain({ ...written, ...more })).not.toThrow();
});
