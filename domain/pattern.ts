/** A pattern that a text must match. */
export interface Pattern {
  readonly regex: RegExp;
  /** The end of an error message, after the key and its value: `is not a MAC address; write it like …`. */
  readonly advice: string;
}

/** OpenTofu evaluates `${…}` and `%{…}` within every string of a JSON configuration. */
export const LITERAL: Pattern = {
  regex: /^(?![\s\S]*[$%]\{)[\s\S]+$/,
  advice: "is empty or has ${ or %{, which OpenTofu would evaluate; write the value itself",
};
