/** A form that a text must have. */
export interface Pattern {
  readonly regex: RegExp;
  /** For whoever breaks it; goes behind the key and its value: `is not a MAC address; write it like …`. */
  readonly advice: string;
}

/** OpenTofu evaluates `${…}` and `%{…}` within every string of a JSON configuration. */
export const LITERAL: Pattern = {
  regex: /^(?![\s\S]*[$%]\{)[\s\S]+$/,
  advice: "is empty or has ${ or %{, which OpenTofu would evaluate; write the value itself",
};
