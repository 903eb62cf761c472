import { InvalidArgumentError } from "commander";

/** Reads an option that is 0 or more. @throws InvalidArgumentError for anything else */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError("give a whole number, such as 20");
  }
  return number;
}

/** Reads an option that is 1 or more. @throws InvalidArgumentError for anything else */
export function positiveNumber(text: string): number {
  const number = wholeNumber(text);
  if (number < 1) throw new InvalidArgumentError("give a whole number from 1");
  return number;
}
