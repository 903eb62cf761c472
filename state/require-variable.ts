import { waysToGive } from "../domain/secrets";
import { StateError } from "./errors";

/**
 * A variable of the environment; an empty one counts as not set.
 * @param what it is, or what could be given instead, for the error
 * @throws StateError if it is not set
 */
export function requireVariable<Env extends object>(
  env: Env,
  name: keyof Env & string,
  { what, or }: { readonly what?: string; readonly or?: string } = {},
): string {
  const value = env[name];
  if (typeof value === "string" && value !== "") return value;
  throw new StateError(
    `${name} is not set${what ? `: ${what}` : ""}`,
    `${waysToGive(name)}${or ? `, or ${or}` : ""}`,
  );
}
