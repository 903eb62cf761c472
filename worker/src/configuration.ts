import { type AuthEnvironment, authSettings } from "./auth/settings";
import { oncePerEnvironment } from "./once-per-environment";
import { type SettingsEnvironment, settings } from "./settings";

const bindings = ["BUCKET", "STATE", "DIRECTORY", "PASSWORDS"] as const;
type Bindings = Readonly<Partial<Record<(typeof bindings)[number], unknown>>>;

/** Why nothing is served, if anything is wrong with what the Worker was deployed with. */
export const deploymentDefects = oncePerEnvironment(
  (env: Bindings & AuthEnvironment & SettingsEnvironment): readonly string[] => [
    ...missingBindings(env),
    ...configurationDefects(env),
  ],
);

/** What is not bound, where a Worker was updated without its configuration. */
function missingBindings(env: Bindings): readonly string[] {
  return bindings
    .filter((name) => env[name] === undefined)
    .map((name) => `the binding ${name} is missing; docs/worker.md lists the bindings and their classes`);
}

/** What is wrong with the variables of the Worker. With any of it nothing is served, and nothing is deleted. */
export function configurationDefects(env: AuthEnvironment & SettingsEnvironment): readonly string[] {
  return [...settings(env).defects, ...authSettings(env).defects];
}
