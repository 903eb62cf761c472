import { Token } from "cdktf";
import type { Pattern } from "../domain/pattern";
import { isInRange, type Range } from "../domain/range";

/**
 * Checks the props of one construct and throws for the first wrong one. A prop that is not set passes. So does a token,
 * because its value is known only at plan.
 */
export class PropChecks {
  /** @param subject what the construct is, for example `VM "cp-1"` */
  constructor(private readonly subject: string) {}

  fail(text: string): never {
    throw new Error(`${this.subject}: ${text}`);
  }

  wholeNumber(prop: string, value: number | undefined, range: Range): void {
    if (value === undefined || Token.isUnresolved(value) || isInRange(value, range)) return;
    this.fail(`${prop} ${value} is not a whole number from ${range.min} to ${range.max}`);
  }

  text(prop: string, value: string | undefined, { regex, advice }: Pattern): void {
    this.textBy(prop, value, (text) => (regex.test(text) ? undefined : advice));
  }

  /** @param problemOf what is wrong with a value and what to do, if anything */
  textBy(prop: string, value: string | undefined, problemOf: (value: string) => string | undefined): void {
    if (value === undefined || Token.isUnresolved(value)) return;
    const problem = problemOf(value);
    if (problem !== undefined) this.fail(`${prop} "${value}" ${problem}`);
  }

  choice(prop: string, value: string | undefined, choices: readonly string[]): void {
    if (value === undefined || Token.isUnresolved(value) || choices.includes(value)) return;
    this.fail(`${prop} "${value}" is not one of ${choices.join(", ")}`);
  }

  /** @param advice what to do if a value is used twice */
  distinct(prop: string, values: readonly (string | number | undefined)[], advice: string): void {
    const known = values.filter((value) => value !== undefined && !Token.isUnresolved(value));
    const repeated = known.find((value, index) => known.indexOf(value) < index);
    if (repeated !== undefined) this.fail(`${prop} ${repeated} is used twice; ${advice}`);
  }
}
