import { z } from "zod";
import type { Problem } from "./diagnostic";
import { displayValue, quoteValue } from "./display-value";
import { isMapping, type Path, valueAt } from "./path";
import { clusterSchema } from "./schema/cluster";
import { knownKeys } from "./schema/known-keys";
import { closestWord } from "./spelling";

type RawIssue = z.core.$ZodRawIssue;

/** zod's error map. The text follows the key and its value: it says what is wrong and what to do. */
export function describeIssue(issue: RawIssue): string | undefined {
  if (issue.input === undefined) return `is missing; add it${exampleOf(issue)}`;
  if (issue.input === null) return "has no value; give it one or remove the key";
  switch (issue.code) {
    case "invalid_type":
      return describeType(String(issue.expected));
    case "too_small":
      return issue.origin === "array" ? "is an empty list; add an entry" : describeMinimum(issue);
    case "too_big":
      return issue.origin === "array"
        ? `is a list of more than ${issue.maximum}; shorten it`
        : `is more than ${issue.maximum}; use ${issue.maximum} or less`;
    case "invalid_value":
      return describeChoice(issue.input, issue.values);
    case "invalid_union":
      return describeUnion(issue);
    case "invalid_format":
      return `is not a ${issue.format}; correct it`;
    default:
      return undefined;
  }
}

/** The problems of a ZodError, one for each key. */
export function toProblems(error: z.ZodError, data: unknown): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.filter((step) => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key));
    return [{ path, text: `${valueBefore(issue, valueAt(data, path))}${issue.message}` }];
  });
}

/** The value before the message; empty if there is none, or if it is a list or map. */
function valueBefore({ code }: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined || value === null || typeof value === "object") return "";
  return code === "invalid_type" ? `${quoteValue(value)} ` : `${displayValue(value)} `;
}

/** The problem of an unknown key. */
export function unknownKey(parent: Path, key: string): Problem {
  const known = knownKeys(clusterSchema, parent);
  const meant = closestWord(key, known);
  const hint =
    meant === undefined ? `remove it, or use one of ${known.join(", ")}` : `did you mean ${meant}?`;
  return { path: [...parent, key], text: `is not a known key; ${hint}` };
}

function describeType(expected: string): string {
  switch (expected) {
    case "boolean":
      return "is not true or false; write one of them, without quotes";
    case "int":
    case "number":
      return "is not a whole number; write one, without quotes";
    case "string":
      return "is not text; put it in quotes";
    case "array":
      return "is not a list; write it as [a, b] or with a - before each entry";
    case "object":
    case "record":
      return "is not a map; write its keys below it, indented";
    default:
      return `is not ${expected}; correct it`;
  }
}

function describeMinimum({ origin, minimum }: { origin?: unknown; minimum?: unknown }): string {
  if (origin === "string") return "is empty; give it a value";
  return `is less than ${minimum}; use ${minimum} or more`;
}

function describeChoice(input: unknown, choices: readonly unknown[]): string {
  const words = choices.map(String);
  const meant = typeof input === "string" ? closestWord(input, words) : undefined;
  const hint = meant === undefined ? "use one of them" : `did you mean ${meant}?`;
  return words.length === 1 ? `is not ${words[0]}; use that` : `is not one of ${words.join(", ")}; ${hint}`;
}

/** For unions of maps with a discriminator. All other unions have a message of their own. */
function describeUnion({ input, discriminator, options }: RawIssue): string {
  const choices: readonly unknown[] = Array.isArray(options) ? options : [];
  const key = String(discriminator);
  if (!isMapping(input)) return describeType("object");
  return input[key] === undefined
    ? `is missing; use one of ${choices.join(", ")}`
    : describeChoice(input[key], choices);
}

function exampleOf({ inst }: RawIssue): string {
  const examples = inst instanceof z.ZodType ? inst.meta()?.examples : undefined;
  const example: unknown = Array.isArray(examples) ? examples[0] : undefined;
  return example === undefined ? "" : `, for example ${displayValue(example)}`;
}
