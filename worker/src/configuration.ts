import { type AuthEnvironment, authSettings } from "./auth/settings";
import type { Env } from "./env";
import { oncePerEnvironment } from "./once-per-environment";
import { type SettingsEnvironment, settings } from "./settings";

const bindings = ["BUCKET", "STATE", "DIRECTORY", "PASSWORDS"] as const;

/** Why nothing is served, if anything is wrong with what the Worker was deployed with. */
export const deploymentDefects = oncePerEnvironment((env: Env): readonly string[] => [
  ...missingBindings(env),
  ...configurationDefects(env),
]);

/** What is not bound, where a Worker was updated without its configuration. */
export function missingBindings(
  env: Readonly<Partial<Record<(typeof bindings)[number], unknown>>>,
): readonly string[] {
  return bindings
    .filter((name) => env[name] === undefined)
    .map((name) => `the binding ${name} is missing; docs/worker.md lists the bindings and their classes`);
}

/** What is wrong with the variables of the Worker. With any of it nothing is served, and nothing is deleted. */
export function configurationDefects(env: AuthEnvironment & SettingsEnvironment): readonly string[] {
  return [...settings(env).defects, ...authSettings(env).defects];
}
